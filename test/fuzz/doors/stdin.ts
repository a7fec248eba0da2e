// Lines of any bytes on stdin, in front of a server of each era.
import { legacyServer, modernServer } from '../../peers/minimal-server.ts';
import { startProxy } from '../../peers/proxy.ts';
import { modernParams } from '../../peers/rpc.ts';
import { startScripted } from '../../peers/scripted.ts';
import { cut } from '../mutations.ts';
import { type Door, damaged } from './door.ts';
import { CLIENT_MESSAGES } from './messages.ts';

const CORPUS = CLIENT_MESSAGES.map((line) => `${line}\n`);

export const stdin: readonly Door[] = [
  { era: '2025-11-25', script: legacyServer },
  { era: '2026-07-28', script: modernServer },
].map(({ era, script }) => ({
  name: `stdin of a client of ${era}`,
  few: 300,
  async open() {
    const upstream = await startScripted('/mcp', script());
    const proxy = startProxy(upstream.url);
    const { rpc } = proxy;
    const isLegacy = era === '2025-11-25';
    if (isLegacy) await rpc.initialize(era);
    let calls = 0;
    return {
      proxy,
      async feed(random) {
        for (const chunk of cut(damaged(CORPUS, random), random)) proxy.stdin.write(chunk);
        proxy.stdin.write('\n');
      },
      async works() {
        calls += 1;
        const params = { name: 'echo', arguments: {} };
        const whole = isLegacy ? params : modernParams(params);
        await rpc.request('tools/call', whole, `call-${calls}`);
        if (rpc.garbage.length > 0) throw new Error(`on stdout: ${rpc.garbage[0]}`);
      },
      async close() {
        await proxy.close();
        await upstream.close();
      },
    };
  },
}));
