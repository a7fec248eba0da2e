// The port of the callback: where it is open, for how long, and when it is free again.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';
import { fileURLToPath } from 'node:url';
import { build } from 'rolldown';
import { describe, expect, it } from 'vitest';
import type { Callback, CallbackOptions, SignInOutcome } from '../../../../src/auth/sign-in/callback.ts';
import { opened } from '../../../peers/opened.ts';
import { ask, later, listening, RIGHT, SIGNED_IN } from './callback-answers.ts';

const open = opened();

function listen(options: Partial<CallbackOptions> = {}): Promise<Callback> {
  return open(listening(options));
}

async function canListen(address: string, port = 0): Promise<boolean> {
  const server = net.createServer();
  const isFree = await new Promise<boolean>((resolve) => {
    server.once('error', () => resolve(false)).listen(port, address, () => resolve(true));
  });
  if (isFree) await new Promise((resolve) => server.close(resolve));
  return isFree;
}

const hasIPv6 = await canListen('::1');

/** A port that is free on both loopback addresses, and that the system gives to nobody who asks for any port. */
async function quietPort(): Promise<number> {
  for (;;) {
    const port = 15_000 + Math.floor(Math.random() * 15_000);
    if ((await canListen('127.0.0.1', port)) && (!hasIPv6 || (await canListen('::1', port)))) return port;
  }
}

describe('the port', () => {
  it('is open on this machine only, by both protocols', async () => {
    const callback = await listen();
    expect((await ask(callback, '/callback')).status).toBe(400);
    if (hasIPv6) expect((await ask(callback, '/callback', { host: '::1' })).status).toBe(400);
    // If another program can bind the same port on another address of this machine, the port is not taken there.
    if (process.platform === 'linux') expect(await canListen('127.0.0.2', callback.port)).toBe(true);
  });

  it.each(hasIPv6 ? ['127.0.0.1', '::1'] : ['127.0.0.1'])(
    'that another program uses on %s is an error',
    async (address) => {
      const holder = net.createServer();
      const port = await quietPort();
      await new Promise<void>((resolve) => holder.listen(port, address, resolve));
      try {
        await expect(listen({ port })).rejects.toMatchObject({ code: 'EADDRINUSE', port });
        // Nothing of the failed attempt is left behind.
        if (address === '::1') expect(await canListen('127.0.0.1', port)).toBe(true);
      } finally {
        await new Promise((resolve) => holder.close(resolve));
      }
    },
  );

  it('is free as soon as closing has begun, while the last page is on its way', async () => {
    const asked = later<void>();
    const verdict = later<SignInOutcome>();
    const callback = await listen({
      finish: () => {
        asked.resolve();
        return verdict.promise;
      },
    });
    const answer = ask(callback, RIGHT);
    await asked.promise;
    const closed = callback.close();
    const next = await listen({ port: callback.port });
    verdict.resolve(SIGNED_IN);
    expect((await answer).text).toContain('You are signed in');
    await closed;
    expect((await ask(next, '/callback')).status).toBe(400);
  });

  it('closes in spite of a browser that waits, which gets a page, and of connections without a request', async () => {
    const asked = later<void>();
    const callback = await listen({
      finish: () => {
        asked.resolve();
        return new Promise(() => {});
      },
    });
    const idle = net.connect(callback.port, '127.0.0.1');
    await once(idle, 'connect');
    const order: string[] = [];
    const idleClosed = once(idle.resume(), 'close').then(() => order.push('idle'));
    const answer = ask(callback, RIGHT).finally(() => order.push('answered'));
    await asked.promise;
    await Promise.all([callback.close(), callback.close()]);
    await idleClosed;
    expect((await answer).text).toContain('stopped waiting');
    expect(order).toEqual(['idle', 'answered']);
    await expect(ask(callback, RIGHT)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('does not keep the program alive', async () => {
    // Node 20 does not run TypeScript, so the module is bundled first.
    const { output: files } = await build({
      input: fileURLToPath(new URL('callback-child.ts', import.meta.url)),
      platform: 'node',
      write: false,
      output: { format: 'esm', codeSplitting: false },
    });
    const child = spawn(process.execPath, ['--input-type=module', '-e', files[0].code], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk;
    });
    const [code] = await once(child, 'close');
    expect({ code, output }).toEqual({ code: 0, output: 'true\n' });
  });
});
