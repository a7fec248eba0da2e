// A subscription of a client of 2026-07-28 to the changes of several servers, one of which ends its part of it.
import { expect, it } from 'vitest';
import { opened } from '../../peers/opened.ts';
import { startProxy } from '../../peers/proxy.ts';
import { modernParams } from '../../peers/rpc.ts';
import { startScripted } from '../../peers/scripted.ts';
import { configFile, entryOf } from '../../peers/several/config-file.ts';
import { Watched } from '../../peers/watched.ts';
import { discovered, type Stream, SUBSCRIPTION, streaming } from '../bridge/fixture.ts';

const open = opened();
const CHANGED = 'notifications/resources/updated';
const CANCELLED = 'notifications/cancelled';

function told({ id, send }: Stream, method: string, params: object): void {
  send({ method, params: { ...params, _meta: { [SUBSCRIPTION]: id } } });
}

/** A server with one resource, which acknowledges every subscription. */
async function serverWith(uri: string) {
  const streams = new Watched<Stream>('streams');
  const script = streaming(
    'subscriptions/listen',
    (stream) => {
      const { notifications } = JSON.parse(stream.seen.body).params;
      told(stream, 'notifications/subscriptions/acknowledged', { notifications });
      streams.add(stream);
    },
    {
      'server/discover': discovered({ resources: { subscribe: true } }),
      'resources/list': JSON.stringify({
        resultType: 'complete',
        resources: [{ uri, name: uri }],
        ttlMs: 0,
        cacheScope: 'private',
      }),
    },
  );
  return { ...(await open(startScripted('/mcp', script))), streams, uri };
}

it('goes on at the other servers, and the client does not hear of the end', async () => {
  const [one, two] = [await serverWith('one:1'), await serverWith('two:1')];
  const file = await open(configFile({ one: entryOf(one), two: entryOf(two) }));
  const { rpc, stderrMatching } = startProxy(undefined, ['--config', file.path, '--log-level', 'debug']);
  // A server that is slow to list its resources is left out of a list; a subscription would leave it out, too.
  for (let listed = 0; listed < 2; ) listed = (await rpc.modern('resources/list')).resources.length;
  const notifications = { resourceSubscriptions: [one.uri, two.uri] };
  const params = modernParams({ notifications });
  rpc.raw(JSON.stringify({ jsonrpc: '2.0', id: 'mine', method: 'subscriptions/listen', params }));
  await rpc.next('notifications/subscriptions/acknowledged');

  const ended = await one.streams.nth(1);
  ended.send({ method: CANCELLED, params: { requestId: ended.id } });
  ended.end();
  await stderrMatching(/a subscription is over/);
  told(await two.streams.nth(1), CHANGED, { uri: two.uri });
  const change = await rpc.next(CHANGED);
  expect(change.message.params).toEqual({ uri: two.uri, _meta: { [SUBSCRIPTION]: 'mine' } });
  expect(rpc.received.map((received) => received.message.method)).not.toContain(CANCELLED);
  expect(rpc.received.filter((received) => received.message.id === 'mine')).toEqual([]);
});
