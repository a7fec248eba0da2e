import { expect, it } from 'vitest';
import { announcedLists, harmlessTool, serverNameIn } from '../../../../../../src/cli/commands/doctor/session/lists.ts';
import { encode } from '../../../../../../src/core/json.ts';

const tool = (more: object) => encode({ name: 'x', inputSchema: { type: 'object' }, ...more });
const HARMLESS = { annotations: { readOnlyHint: true } };

it.each([
  ['without annotations', {}],
  ['that is not read-only', { annotations: { readOnlyHint: false } }],
  ['that says it with a text', { annotations: { readOnlyHint: 'true' } }],
  ['that needs an argument', { ...HARMLESS, inputSchema: { type: 'object', required: ['id'] } }],
  ['without a name', { ...HARMLESS, name: 7 }],
])('a tool %s is never called', (_name, more) => expect(harmlessTool([tool(more)])).toBeUndefined());

it('the first tool that is read-only and needs no argument is called', () => {
  const schema = { type: 'object', required: [], properties: { limit: { type: 'number' } } };
  expect(harmlessTool([tool({}), tool({ ...HARMLESS, name: 'list', inputSchema: schema })])).toBe('list');
});

it('reads what a server says of itself', () => {
  const introduced = encode({
    capabilities: { tools: {}, resources: null },
    serverInfo: { name: 'a\u001bb', version: '1' },
  });
  expect(announcedLists(introduced)).toEqual(['tools']);
  expect(serverNameIn(introduced)).toBe('a b 1');
});
