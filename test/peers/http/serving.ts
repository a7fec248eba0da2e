// Starts the built program as a server of HTTP clients, on a free loopback port.
//
//   const serving = await startServing(upstream.url, ['--session-idle', '2']);
//   const client = new StreamableClient(`${serving.url}/mcp`);
//
// In a test file: afterEach(closeServings).
import { type ProxyExit, type ProxyOptions, type ProxyProcess, startProxy } from '../proxy.ts';

export interface Serving {
  /** Scheme, host and port, without a path. */
  readonly url: string;
  readonly port: number;
  readonly proxy: ProxyProcess;
  /** SIGTERM, and the exit that must follow it; kills the process and throws if none does. */
  stop(): Promise<ProxyExit>;
}

export interface ServingOptions extends ProxyOptions {
  /** Where to listen. */
  readonly listen?: string;
}

const running = new Set<Serving>();

/** Resolves when the program says where it listens; fails with its stderr when it ends before that. */
export async function startServing(
  target: string | undefined,
  args: string[] = [],
  { listen = '127.0.0.1:0', ...options }: ServingOptions = {},
): Promise<Serving> {
  const proxy = startProxy(target, ['--listen', listen, ...args], options);
  const [, url = ''] = await proxy.stderrMatching(/listening on (https?:\/\/[^\s"'\\]+)/).catch(async (error) => {
    proxy.kill('SIGKILL');
    await proxy.close();
    throw error;
  });
  const serving: Serving = {
    url: url.replace(/\/+$/, ''),
    port: Number(new URL(url).port),
    proxy,
    async stop() {
      running.delete(serving);
      proxy.kill('SIGTERM');
      try {
        return await proxy.exit();
      } catch (error) {
        proxy.kill('SIGKILL');
        throw error;
      } finally {
        // Its home goes with it.
        await proxy.close();
      }
    },
  };
  running.add(serving);
  return serving;
}

/** For afterEach: ends what a test has left running; fails if SIGTERM does not end it. */
export async function closeServings(): Promise<void> {
  await Promise.all([...running].map((serving) => serving.stop()));
}
