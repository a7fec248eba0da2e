// A newcomer's layer is small, and touches nothing else.
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Cancellation } from '../../../../src/core/cancel.ts';
import type { Peer } from '../../../../src/core/exchange.ts';
import type { Reply } from '../../../../src/core/jsonrpc.ts';
import { stack } from '../../../../src/core/layer.ts';
import { trace } from '../../../../src/layers/trace.ts';
import { exchangeOf, result, SILENT, sessionOf, textOf } from '../exchanges.ts';
import { confirming } from './confirm-layer.ts';
import { logging } from './log-layer.ts';
import { renaming } from './rename-layer.ts';

const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

describe('a layer that logs', () => {
  it('sees all four directions', async () => {
    const lines: string[] = [];
    let server: Peer | undefined;
    const layers = [
      { name: 'trace', layer: trace(quiet) },
      { name: 'logging', layer: logging((line) => lines.push(line)) },
    ];
    const connect = stack(layers, (client) => {
      server = client;
      return sessionOf(async () => result('{}'));
    });
    const session = connect({ ...SILENT, ask: async () => result('{"roots":[]}') });
    await session.request(exchangeOf('tools/list').exchange);
    session.notify({ method: 'notifications/initialized' });
    server?.notify({ method: 'notifications/message' });
    expect(await server?.ask({ method: 'roots/list' }, new Cancellation().signal)).toEqual(result('{"roots":[]}'));
    expect(lines).toEqual([
      'client asks tools/list',
      'client tells notifications/initialized',
      'server tells notifications/message',
      'server asks roots/list',
    ]);
  });
});

describe('a layer that renames a tool', () => {
  const connect = stack([{ name: 'renaming', layer: renaming('search', 'find') }], () =>
    sessionOf(async ({ call }) =>
      result(
        call.method === 'tools/list' ? '{"tools":[{"name":"search","n":1.0},{"name":"other"}]}' : `${call.params}`,
      ),
    ),
  );
  const ask = async (method: string, params: string) =>
    textOf(await connect(SILENT).request(exchangeOf(method, params).exchange));

  it('shows the new name in lists and sends the old one in calls', async () => {
    expect(await ask('tools/list', '{}')).toBe('{"tools":[{"name":"find","n":1.0},{"name":"other"}]}');
    expect(await ask('tools/call', '{"name":"find","arguments":{"name":"find"}}')).toBe(
      '{"name":"search","arguments":{"name":"find"}}',
    );
  });
});

describe('a layer that asks the user', () => {
  const called = async (answer: Reply) => {
    const recorded = exchangeOf('tools/call', '{"name":"delete"}', async () => answer);
    const connect = stack([{ name: 'confirming', layer: confirming }], () => sessionOf(async () => result('"ran"')));
    return { reply: await connect(SILENT).request(recorded.exchange), asked: recorded.asked };
  };

  it('lets a call pass only when the user accepts', async () => {
    const { reply, asked } = await called(result('{"action":"accept"}'));
    expect(textOf(reply)).toBe('"ran"');
    expect(asked.map(({ params }) => `${params}`)).toEqual([
      '{"message":"Call delete?","requestedSchema":{"type":"object","properties":{}}}',
    ]);
    expect(textOf((await called(result('{"action":"decline"}'))).reply)).toContain('the user declined the call');
  });
});

it('each of them has fewer than 60 lines', () => {
  const folder = new URL('.', import.meta.url);
  const files = readdirSync(folder).filter((name) => name.endsWith('-layer.ts'));
  expect(files).toHaveLength(3);
  for (const file of files) expect(readFileSync(new URL(file, folder), 'utf8').split('\n').length).toBeLessThan(60);
});
