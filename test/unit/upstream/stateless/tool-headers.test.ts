import { describe, expect, it } from 'vitest';
import type { Call, Reply } from '../../../../src/core/jsonrpc.ts';
import type { Log } from '../../../../src/core/ports.ts';
import { ToolHeaders } from '../../../../src/upstream/stateless/tool-headers.ts';

interface Learned {
  readonly tools: ToolHeaders;
  readonly warnings: string[];
  /** Learns a page; the text of what the client gets. */
  page(text: string): string;
}

function start(): Learned {
  const warnings: string[] = [];
  const log: Log = { debug: () => {}, info: () => {}, warn: (line) => warnings.push(line), error: () => {} };
  const tools = new ToolHeaders(log);
  const page = (text: string): string => {
    const reply = tools.learn({ result: Buffer.from(text) });
    return ('error' in reply ? reply.error : reply.result).toString();
  };
  return { tools, warnings, page };
}

const call = (params: string, method = 'tools/call'): Call => ({ method, params: Buffer.from(params) });

const GOOD =
  '{"name":"good","inputSchema":{"type":"object","properties":{"region":{"type":"string","x-mcp-header":"Region"}}}}';
const BAD = '{"name":"bad","inputSchema":{"type":"object","properties":{"n":{"type":"number","x-mcp-header":"N"}}}}';
const PLAIN = '{"name":"plain","inputSchema":{"type":"object","n":1.0}}';

describe('annotated tools', () => {
  it('have their arguments mirrored, other calls have not', () => {
    const { tools, page } = start();
    const text = `{"tools":[${PLAIN},${GOOD}],"nextCursor":"c"}`;
    expect(page(text)).toBe(text);
    expect(tools.headersFor(call('{"name":"good","arguments":{"region":"eu"}}'))).toEqual({ 'mcp-param-region': 'eu' });
    expect(tools.headersFor(call('{"n\\u0061me":"g\\u006fod","arguments":{"region":"eu"}}'))).toEqual({
      'mcp-param-region': 'eu',
    });
    expect(tools.headersFor(call('{"name":"good"}'))).toEqual({});
    expect(tools.headersFor(call('{"name":"plain","arguments":{"region":"eu"}}'))).toEqual({});
    expect(tools.headersFor(call('{"name":"unknown","arguments":{"region":"eu"}}'))).toEqual({});
    expect(tools.headersFor(call('{"name":"good","arguments":{"region":"eu"}}', 'prompts/get'))).toEqual({});
  });

  it('are known by name, also by names every object has', () => {
    const { tools, page } = start();
    page(`{"tools":[${GOOD}]}`);
    expect(tools.headersFor(call('{"name":"constructor","arguments":{"region":"eu"}}'))).toEqual({});
    expect(tools.refuses(call('{"name":"__proto__"}'))).toBe(false);
  });

  it('of several pages are all remembered', () => {
    const { tools, page } = start();
    page(`{"tools":[${GOOD}],"nextCursor":"2"}`);
    page(`{"tools":[${GOOD.replace('good', 'other')}]}`);
    expect(tools.headersFor(call('{"name":"good","arguments":{"region":"a"}}'))).toEqual({ 'mcp-param-region': 'a' });
    expect(tools.headersFor(call('{"name":"other","arguments":{"region":"b"}}'))).toEqual({ 'mcp-param-region': 'b' });
  });

  it('follow their newest definition', () => {
    const { tools, page } = start();
    page(`{"tools":[${GOOD}]}`);
    page(`{"tools":[${GOOD.replaceAll('Region', 'Zone')}]}`);
    expect(tools.headersFor(call('{"name":"good","arguments":{"region":"eu"}}'))).toEqual({ 'mcp-param-zone': 'eu' });
  });
});

describe('tools with invalid annotations', () => {
  it('are left out of the page, and nothing else is', () => {
    const { tools, warnings, page } = start();
    expect(page(`{"a":1.0,"tools":[ ${PLAIN} , ${BAD},${GOOD}, null ],"nextCursor":"c\\/d"}`)).toBe(
      `{"a":1.0,"tools":[${PLAIN},${GOOD},null],"nextCursor":"c\\/d"}`,
    );
    expect(tools.refuses(call('{"name":"bad"}'))).toBe(true);
    expect(tools.refuses(call('{"name":"good"}'))).toBe(false);
    expect(tools.refuses(call('{"name":"bad"}', 'prompts/get'))).toBe(false);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain('"bad"');
  });

  it('come back when they are repaired', () => {
    const { tools, page } = start();
    page(`{"tools":[${BAD}]}`);
    const repaired = `{"tools":[${GOOD.replace('good', 'bad')}]}`;
    expect(page(repaired)).toBe(repaired);
    expect(tools.refuses(call('{"name":"bad"}'))).toBe(false);
  });

  it('come back when the annotations are gone, alone or beside annotated ones', () => {
    for (const more of ['', `,${GOOD}`]) {
      const { tools, page } = start();
      page(`{"tools":[${BAD}]}`);
      page(`{"tools":[${PLAIN.replace('plain', 'bad')}${more}]}`);
      expect(tools.refuses(call('{"name":"bad"}'))).toBe(false);
    }
  });

  it('are reported without anything that moves a terminal', () => {
    const { warnings, page } = start();
    page(`{"tools":[${BAD.replace('bad', '\\u001b[31m')}]}`);
    expect(warnings.join('')).not.toContain('\u001b');
  });
});

describe('pages that are no such thing', () => {
  it.each(['{}', 'null', '[]', '{"tools":[1]}'])('pass as they are: %s', (text) => {
    expect(start().page(text)).toBe(text);
  });

  it.each([
    '{"tools":null,"x-mcp-header":1}',
    '{"tools":{"x-mcp-header":1}}',
    '[{"x-mcp-header":1}]',
    '{"tools":[],"tools":["x-mcp-header"]}',
    '{"tools":[{"name":"a","name":"b","x-mcp-header":1}]}',
  ])('pass, for the client to judge: %s', (text) => {
    expect(start().page(text)).toBe(text);
  });

  it.each(['null', '"Region"'])('of annotations: %s is one, or none', (annotation) => {
    const { tools, page } = start();
    const text = `{"tools":[{"name":"t","inputSchema":{"properties":{"a":{"type":"string","x-mcp-header":${annotation}}}}}]}`;
    expect(page(text)).toBe(text);
    const headers = tools.headersFor(call('{"name":"t","arguments":{"a":"eu"}}'));
    expect(headers).toEqual(annotation === 'null' ? {} : { 'mcp-param-region': 'eu' });
  });

  it('of tools without a name or a schema pass', () => {
    const text = '{"tools":[{"x-mcp-header":1},{"name":"a","inputSchema":"x-mcp-header"},"x-mcp-header"]}';
    expect(start().page(text)).toBe(text);
  });

  it('that are errors pass', () => {
    const reply: Reply = { error: Buffer.from('{"code":1,"message":"x-mcp-header"}') };
    expect(start().tools.learn(reply)).toBe(reply);
  });
});
