// Replicas whose store is found through Sentinel.
import { afterEach, describe, expect, it } from 'vitest';
import { legacyServer } from '../../peers/minimal-server.ts';
import { startScripted } from '../../peers/scripted.ts';
import { startPair, startSentinel } from '../../peers/sentinel.ts';
import { expectFailover, storeIn } from './failover.ts';
import { startReplica } from './replicated.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

describe('through Sentinel', () => {
  it('sentinels that ask for a password get the one in the query of the URL', async () => {
    const server = await startScripted('/mcp', legacyServer());
    const [primary, copy] = await startPair();
    closing.push(server.close, primary.close, copy.close);
    const sentinel = await startSentinel('main', primary.port, { ownPassword: 'of the sentinel' });
    closing.push(sentinel.close);
    const url = `redis+sentinel://127.0.0.1:${sentinel.port}/main`;
    const refused = 'its sentinels refuse the user or the password';
    const stores = {
      [`${url}/0?sentinel_password=of%20the%20sentinel`]: { reachable: true },
      [`${url}?sentinel_username=default&sentinel_password=of%20the%20sentinel`]: { reachable: true },
      [`${url}?sentinel_password=wrong-password`]: { reachable: false, reason: expect.stringContaining(refused) },
      [url]: { reachable: false, reason: expect.stringContaining(refused) },
    };
    for (const [address, store] of Object.entries(stores)) {
      const replica = await startReplica(server.url, { url: address });
      closing.push(() => replica.stop());
      expect(await storeIn(replica.url), address).toMatchObject(store);
      expect(replica.proxy.stderr).not.toMatch(/of the sentinel|of%20the|wrong-password|warning/i);
      await replica.stop();
    }
  });

  it('replicas follow a failover, and sessions of one that dies afterwards go on', async () => {
    const [primary, copy] = await startPair(['--requirepass', 'a-password', '--masterauth', 'a-password']);
    closing.push(primary.close, copy.close);
    const sentinel = await startSentinel('main', primary.port, { password: 'a-password' });
    closing.push(sentinel.close);
    // Nothing listens at the first port.
    const url = `redis+sentinel://:a-password@127.0.0.1:9,127.0.0.1:${sentinel.port}/main`;
    closing.push(await expectFailover(url, primary.kill, 'a-password'));
  });

  it('a replica says which part it cannot reach', async () => {
    const server = await startScripted('/mcp', legacyServer());
    const [primary, copy] = await startPair();
    closing.push(server.close, primary.close, copy.close);
    const sentinel = await startSentinel('main', primary.port);
    closing.push(sentinel.close);
    const reasons = { [`127.0.0.1:${sentinel.port}/other`]: 'its sentinels know no primary with this name' };
    Object.assign(reasons, { '127.0.0.1:9/main': 'no sentinel can be reached' });
    for (const [place, reason] of Object.entries(reasons)) {
      const replica = await startReplica(server.url, { url: `redis+sentinel://${place}` });
      closing.push(() => replica.stop());
      expect(await storeIn(replica.url)).toEqual({
        reachable: false,
        replicas: 1,
        reason: `the store redis+sentinel://${place} cannot be used: ${reason}`,
      });
      expect(await replica.stop()).toEqual({ code: 0, signal: null });
    }
  });
});
