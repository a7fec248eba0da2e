// The built program as several replicas behind nginx with plain round robin, with a store that they share.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { freePort } from '../../peers/free-port.ts';
import { type Serving, startServing } from '../../peers/http/serving.ts';
import { type Nginx, startNginx } from '../../peers/nginx.ts';
import { type RedisPeer, startRedis } from '../../peers/redis.ts';

export const KEY = 'the-key-of-the-tests-0123456789abcdef';

export interface Replicated {
  /** Of the load balancer, without a path. */
  readonly url: string;
  readonly replicas: Serving[];
  readonly store: RedisPeer;
  readonly nginx: Nginx;
  close(): Promise<void>;
}

export interface ReplicatedOptions {
  readonly count?: number;
  readonly args?: string[];
  /** The command of a local server, instead of a URL. */
  readonly env?: Record<string, string>;
}

/** @param target the URL of the server, or undefined when `args` says it all. */
export async function startReplicated(
  target: string | undefined,
  { count = 2, args = [], env = {} }: ReplicatedOptions = {},
): Promise<Replicated> {
  const store = await startRedis();
  const replicas = await Promise.all(Array.from({ length: count }, () => startReplica(target, store, args, env)));
  const { nginx, url } = await roundRobin(replicas.map(({ port }) => port));
  return {
    url,
    replicas,
    store,
    nginx,
    async close() {
      await nginx.close();
      await Promise.all(replicas.map((replica) => replica.stop().catch(() => {})));
      await store.close();
    },
  };
}

export function startReplica(
  target: string | undefined,
  store: Pick<RedisPeer, 'url'>,
  args: string[] = [],
  env: Record<string, string> = {},
): Promise<Serving> {
  return startServing(target, ['--state', store.url, '--state-key', '${STATE_KEY}', ...args], {
    env: { STATE_KEY: KEY, ...env },
  });
}

const LIMIT_MS = 60_000;

/** Waits until each replica knows all of them: until then, requests that should meet at one may not. */
export async function untilComplete(replicas: readonly Serving[]): Promise<void> {
  const end = Date.now() + LIMIT_MS;
  for (const { url, proxy } of replicas) {
    for (let known: number | undefined; known !== replicas.length; await pause(100)) {
      const { store } = (await (await fetch(`${url}/readyz`)).json()) as Ready;
      known = store?.replicas;
      if (Date.now() > end) throw new Error(`${url} knows ${known} of ${replicas.length} replicas\n${proxy.stderr}`);
    }
  }
}

interface Ready {
  readonly store?: { readonly replicas: number };
}

/** A load balancer that sends each request to the next one. */
export async function roundRobin(ports: readonly number[]): Promise<{ nginx: Nginx; url: string }> {
  const port = await freePort();
  const all = ports.map((each) => `server 127.0.0.1:${each} max_fails=0;`).join(' ');
  const proxied = 'proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $http_host;';
  const streams = 'proxy_buffering off; proxy_read_timeout 1h;';
  const server = `listen 127.0.0.1:${port}; location / { proxy_pass http://all; ${proxied} ${streams} }`;
  const nginx = await startNginx({ http: `upstream all { ${all} }\nserver { ${server} }`, port });
  return { nginx, url: `http://127.0.0.1:${port}` };
}

/** A file that the test leaves behind for no longer than it runs. */
export function temporaryFile(name: string, text: string): { readonly file: string; remove(): void } {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'mcp-proxy-replicas-'));
  const file = path.join(folder, name);
  writeFileSync(file, text, { mode: 0o600 });
  return { file, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
