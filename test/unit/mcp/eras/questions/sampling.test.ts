// Sampling for clients of revisions in which a message has one block of content.
import { describe, expect, it } from 'vitest';
import { hasToolBlocks, legacyMessages } from '../../../../../src/mcp/eras/questions/sampling.ts';

const A = '{"type":"text","text":"\\u0061"}';
const B = '{"type" : "image","data":"AA==","mimeType":"image/png"}';

describe('legacyMessages', () => {
  it.each([
    [`[{"role":"user","content":[${A}]}]`, `[{"role":"user","content":${A}}]`],
    [
      `[{"role":"user","content":[ ${A} , ${B} ],"_meta":{"x":1}} , {"role":"assistant","content":${A}}]`,
      `[{"role":"user","content":${A},"_meta":{"x":1}},{"role":"user","content":${B},"_meta":{"x":1}},{"role":"assistant","content":${A}}]`,
    ],
    [`[{"role":"user","content":[]},{"role":"user","content":[${A}]}]`, `[{"role":"user","content":${A}}]`],
    [`[{"content":[1,null]},7,null]`, '[{"content":1},{"content":null},7,null]'],
  ])('%s', (messages, expected) => {
    const params = (list: string): string => `{"maxTokens":12345678901234567890,"messages":${list},"n":1}`;
    expect(legacyMessages(Buffer.from(params(messages))).toString()).toBe(params(expected));
  });

  it.each([
    `{"messages" : [ {"role":"user","content":${A}} ] }`,
    '{"messages":[]}',
    '{"messages":{"content":[]}}',
    '{"messages":null}',
    '{}',
    '[]',
  ])('leaves %s as it is', (params) => {
    expect(legacyMessages(Buffer.from(params)).toString()).toBe(params);
  });
});

describe('hasToolBlocks', () => {
  const params = (content: object): Buffer => Buffer.from(JSON.stringify({ messages: [{ role: 'user', content }] }));

  it.each(['tool_use', 'tool_result'])('finds %s alone and among others', (type) => {
    expect(hasToolBlocks(params({ type }))).toBe(true);
    expect(hasToolBlocks(params([{ type: 'text', text: type }, { type }]))).toBe(true);
  });

  it('finds none elsewhere', () => {
    expect(hasToolBlocks(params({ type: 'text', text: 'tool_use' }))).toBe(false);
    expect(hasToolBlocks(Buffer.from('{}'))).toBe(false);
  });
});
