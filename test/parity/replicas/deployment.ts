// What HTTP clients of the parity tests connect to: one process of the program, or several replicas of it behind nginx
// that sends each request to the next one. With MCP_PROXY_REPLICAS=3, every test that starts a deployment does so with
// three replicas.
import { startReplicated, untilComplete } from '../../blackbox/replicas/replicated.ts';
import { startServing } from '../../peers/http/serving.ts';
import type { ProxyExit, ProxyOptions, ProxyProcess } from '../../peers/proxy.ts';

/** How many replicas a deployment has unless the test says so. 1: one process, without nginx and without a store. */
export const REPLICAS = Number(process.env.MCP_PROXY_REPLICAS ?? 1);

export interface Deployment {
  /** Of the process, or of nginx; without a path. */
  readonly url: string;
  readonly proxies: readonly ProxyProcess[];
  /** Ends every process of the program with SIGTERM, and resolves with how each of them ended. */
  stop(): Promise<ProxyExit[]>;
}

/** @param target the URL of the server, or undefined when `args` says it all. */
export async function startDeployment(
  target: string | undefined,
  args: string[] = [],
  { replicas = REPLICAS, env = {} }: Pick<ProxyOptions, 'env'> & { readonly replicas?: number } = {},
): Promise<Deployment> {
  if (replicas === 1) {
    const serving = await startServing(target, args, { env });
    return { url: serving.url, proxies: [serving.proxy], stop: async () => [await serving.stop()] };
  }
  const all = await startReplicated(target, { count: replicas, args, env });
  await untilComplete(all.replicas).catch(async (error) => {
    await all.close();
    throw error;
  });
  let stopping: Promise<ProxyExit[]> | undefined;
  const stop = async (): Promise<ProxyExit[]> => {
    try {
      return await Promise.all(all.replicas.map((replica) => replica.stop()));
    } finally {
      await all.close();
    }
  };
  return {
    url: all.url,
    proxies: all.replicas.map(({ proxy }) => proxy),
    stop() {
      stopping ??= stop();
      return stopping;
    },
  };
}
