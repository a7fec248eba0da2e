// A legacy server that asks more during one call than any user would answer.
import { expect, it } from 'vitest';
import { Changes } from '../../peers/changes.ts';
import { legacyServer, rpc } from '../../peers/minimal-server.ts';
import { opened } from '../../peers/opened.ts';
import { startProxy } from '../../peers/proxy.ts';
import { answer, startScripted } from '../../peers/scripted.ts';

const open = opened();
const CALL = { name: 'asks', arguments: {} };
const CAPABILITIES = { elicitation: {} };

const QUESTIONS = 40;
const TAKEN = 32;

/** A server that asks all questions as soon as it is called, and returns the codes and actions that it got. */
async function startInquisitive() {
  const serve = legacyServer();
  const got: unknown[] = [];
  const changes = new Changes();
  let finish = (): void => {};
  const server = await startScripted('/mcp', (seen, res) => {
    const { id, method } = rpc(seen);
    if (seen.headers['mcp-session-id'] === undefined && method !== 'initialize') {
      return answer(res, 400, 'text/plain', 'no session');
    }
    if (method === 'tools/call') {
      const write = (event: object): unknown => res.write(`data: ${JSON.stringify({ jsonrpc: '2.0', ...event })}\n\n`);
      res.writeHead(200, { 'content-type': 'text/event-stream' });
      const params = { message: 'Who?', requestedSchema: { type: 'object', properties: {} } };
      for (let n = 0; n < QUESTIONS; n++) write({ id: `q${n}`, method: 'elicitation/create', params });
      finish = () => {
        write({ id, result: { content: [{ type: 'text', text: JSON.stringify(got.sort()) }] } });
        res.end();
      };
      return;
    }
    if (id === undefined || method !== undefined) return serve(seen, res);
    answer(res, 202, 'text/plain', '');
    const { result, error } = JSON.parse(seen.body) as { result?: { action: string }; error?: { code: number } };
    got.push(error?.code ?? result?.action);
    changes.changed();
    if (got.length === QUESTIONS) finish();
  });
  const answers = (count: number): Promise<unknown> =>
    changes.until(
      () => got.length >= count || undefined,
      (reason) => `${reason} for ${count} answers: ${JSON.stringify(got)}`,
    );
  return { ...server, answers };
}

it('a call goes on when it asks more than 32 questions, and the proxy refuses the rest', async () => {
  const server = await open(startInquisitive());
  const { rpc: client } = startProxy(server.url);
  let reply = await client.modern('tools/call', CALL, CAPABILITIES);
  await server.answers(QUESTIONS - TAKEN);
  while (reply.resultType === 'input_required') {
    const { requestState, inputRequests } = reply;
    const inputResponses = Object.fromEntries(Object.keys(inputRequests).map((key) => [key, { action: 'decline' }]));
    reply = await client.modern('tools/call', { ...CALL, requestState, inputResponses }, CAPABILITIES);
  }
  const refused = Array.from({ length: QUESTIONS - TAKEN }, () => -31008);
  expect(JSON.parse(reply.content[0].text)).toEqual([...refused, ...Array.from({ length: TAKEN }, () => 'decline')]);
});
