// The log messages of one process of 2026-07-28 that several HTTP clients share. On its stdout, they do not say which call
// they belong to; by the specification, that call has asked for them.
import { afterEach, describe, expect, it } from 'vitest';
import { ModernClient } from '../../peers/http/modern-client.ts';
import { closeServings, startServing } from '../../peers/http/serving.ts';
import { StreamableClient } from '../../peers/http/streamable-client.ts';
import { onLines, startPiped } from '../../peers/local/piped-child.ts';
import { opened } from '../../peers/opened.ts';
import { MODERN, type RpcMessage } from '../../peers/rpc.ts';

const open = opened();
afterEach(closeServings);

const LEVEL = 'io.modelcontextprotocol/logLevel';
const CACHED = { resultType: 'complete', ttlMs: 0, cacheScope: 'private' };
const DISCOVERED = { ...CACHED, supportedVersions: [MODERN], capabilities: { tools: {}, logging: {} } };

/** What each call got after the server had logged at these levels, while all calls of these levels were open. */
async function logged(wanted: readonly (string | undefined)[], levels: readonly string[]): Promise<string[][]> {
  const waiting: (() => void)[] = [];
  const piped = await open(
    startPiped((socket) => {
      const write = (message: object): void => void socket.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
      socket.on('error', () => {});
      onLines(socket, (text) => {
        const { id, method } = JSON.parse(text) as RpcMessage;
        if (method === 'server/discover') write({ id, result: DISCOVERED });
        else if (method === 'tools/list') write({ id, result: { ...CACHED, tools: [] } });
        else if (method === 'initialize') write({ id, error: { code: -32_601, message: 'Method not found' } });
        if (method !== 'tools/call') return;
        waiting.push(() => write({ id, result: { resultType: 'complete', content: [] } }));
        if (waiting.length < wanted.length) return;
        for (const level of levels) write({ method: 'notifications/message', params: { level, data: level } });
        for (const answer of waiting) answer();
      });
    }),
  );
  const serving = await startServing(undefined, ['--', ...piped.command]);
  return Promise.all(
    wanted.map(async (level, number) => {
      const call = { name: 'echo', arguments: {} };
      if (number === 0) {
        // A client of an older revision, which is bridged.
        const older = new StreamableClient(`${serving.url}/mcp`);
        await older.initialize();
        if (level) await older.call('logging/setLevel', { level });
        return told(older, older.call('tools/call', call));
      }
      const client = new ModernClient(`${serving.url}/mcp`);
      const pending = client.call('tools/call', level ? { ...call, _meta: { [LEVEL]: level } } : call);
      return told(client, pending).finally(() => client.vanish());
    }),
  );
}

async function told({ arrivals }: Pick<ModernClient, 'arrivals'>, answer: Promise<{ message: RpcMessage }>) {
  expect((await answer).message.result.content).toEqual([]);
  return arrivals.of('notifications/message').map(({ message }): string => message.params.level);
}

describe('a log message goes to the only open call that wants it', () => {
  it.each<[(string | undefined)[], string[][]]>([
    [
      ['info', undefined],
      [['info', 'error'], []],
    ],
    [
      [undefined, 'info'],
      [[], ['info', 'error']],
    ],
    [
      ['info', 'critical', undefined],
      [['info', 'error'], [], []],
    ],
    [
      ['critical', 'debug'],
      [[], ['debug', 'info', 'error']],
    ],
    [
      ['error', 'info'],
      [[], ['info']],
    ],
  ])('of calls that want %j', async (wanted, expected) => {
    expect(await logged(wanted, ['debug', 'info', 'error'])).toEqual(expected);
  });
});

it('a log message does not go to a call that wants none, even if no other one is open', async () => {
  expect(await logged([undefined], ['error'])).toEqual([[]]);
});
