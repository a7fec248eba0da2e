// HTTP answers of any bytes, as a server gives them to a call.
import { legacyServer, modernServer, rpc as rpcOf } from '../../peers/minimal-server.ts';
import { startProxy } from '../../peers/proxy.ts';
import { modernParams, type RpcMessage } from '../../peers/rpc.ts';
import { startScripted } from '../../peers/scripted.ts';
import { cut } from '../mutations.ts';
import { type Door, damaged, filled } from './door.ts';
import { SERVER_MESSAGES } from './messages.ts';

const answer = (status: string, headers: readonly string[], body: string): string =>
  [`HTTP/1.1 ${status}`, ...headers, '', body].join('\r\n');

const JSON_TYPE = 'Content-Type: application/json';
const EVENTS = 'Content-Type: text/event-stream; charset=utf-8';
const [RESULT = '', ERROR = ''] = SERVER_MESSAGES;

const CORPUS = [
  ...SERVER_MESSAGES.map((body) => answer('200 OK', [JSON_TYPE], body)),
  ...SERVER_MESSAGES.map((body) =>
    answer(
      '200 OK',
      [EVENTS],
      `: hello\n\nid: 1\nretry: 10\ndata:\n\nevent: message\ndata: ${body}\n\ndata: ${RESULT}\n\n`,
    ),
  ),
  answer('200 OK', [EVENTS, 'Transfer-Encoding: chunked'], `10\r\ndata: {"jsonrpc"\r\n0\r\n\r\n`),
  answer('200 OK', [JSON_TYPE, 'Content-Length: 10000', 'Mcp-Session-Id: other'], RESULT),
  answer('200 OK', [JSON_TYPE, 'Content-Encoding: gzip'], RESULT),
  answer('202 Accepted', [], ''),
  answer('404 Not Found', [JSON_TYPE], ERROR),
  answer('400 Bad Request', [JSON_TYPE, 'Set-Cookie: a=b; Path=/; Max-Age=9'], ERROR),
  answer('500 Internal Server Error', ['Content-Type: text/html'], '<html><body>no</body></html>'),
  answer('503 Service Unavailable', ['Retry-After: 1', 'Content-Length: 0'], ''),
  answer('307 Temporary Redirect', ['Location: /elsewhere'], ''),
  answer('100 Continue', [], answer('200 OK', [JSON_TYPE], RESULT)),
];

export const serverAnswers: readonly Door[] = [
  { era: '2025-11-25', script: legacyServer() },
  { era: '2026-07-28', script: modernServer() },
].map(({ era, script }) => ({
  name: `answers of a server of ${era}`,
  few: 200,
  async open() {
    let next: Buffer[] | undefined;
    const upstream = await startScripted('/mcp', (seen, res) => {
      if (next === undefined || !seen.body.includes('"fuzz"')) return script(seen, res);
      const id = JSON.stringify(rpcOf(seen).id);
      for (const chunk of next) res.socket?.write(filled(chunk, { ID: id }));
      next = undefined;
      return res.socket?.end();
    });
    const proxy = startProxy(upstream.url, ['--timeout', '5']);
    const { rpc } = proxy;
    const isLegacy = era === '2025-11-25';
    if (isLegacy) await rpc.initialize(era);
    let calls = 0;
    const call = async (name: string): Promise<RpcMessage> => {
      calls += 1;
      const params = { name, arguments: {} };
      const whole = isLegacy ? params : modernParams(params);
      return (await rpc.exchange('tools/call', whole, `call-${calls}`)).message;
    };
    return {
      proxy,
      async feed(random) {
        next = cut(damaged(CORPUS, random), random);
        await call('fuzz');
        next = undefined;
      },
      async works() {
        const { error } = await call('echo');
        if (error) throw new Error(`a right call: ${JSON.stringify(error)}`);
        if (rpc.garbage.length > 0) throw new Error(`on stdout: ${rpc.garbage[0]}`);
        const answers = rpc.received.filter(({ message }) => String(message.id).startsWith('call-'));
        if (answers.length !== calls) throw new Error(`${calls} calls, ${answers.length} answers`);
      },
      async close() {
        await proxy.close();
        await upstream.close();
      },
    };
  },
}));
