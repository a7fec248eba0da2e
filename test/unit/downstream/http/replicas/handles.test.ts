// Which texts of clients are tried as handles.
import { expect, it } from 'vitest';
import type { Message } from '../../../../../src/core/jsonrpc.ts';
import { callHandle } from '../../../../../src/downstream/http/replicas/handles.ts';

function continuing(requestState: string): Message {
  const params = Buffer.from(JSON.stringify({ name: 'a', requestState }));
  return { kind: 'request', id: '1', call: { method: 'tools/call', params } };
}

it('a handle comes last in the state of a call', () => {
  const handle = 'h'.repeat(76);
  expect(callHandle(continuing(handle))).toBe(handle);
  expect(callHandle(continuing(`a.b.${handle}`))).toBe(handle);
  expect(callHandle(continuing(`${handle}.`))).toBeUndefined();
  expect(callHandle(continuing('h'.repeat(39)))).toBeUndefined();
});

it('of a long text, only the end is looked at', () => {
  expect(callHandle(continuing('h'.repeat(1_048_576)))?.length).toBeLessThan(300);
  expect(callHandle(continuing(`${'h'.repeat(1_048_576)}!`))).toBeUndefined();
});
