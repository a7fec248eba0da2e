// examples/replicas and docs/replicas.md: the manifests fit together, the program takes their flags, nginx their
// configuration, and the store the permissions that the page asks for.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { parseArguments } from '../../src/cli/flags/args.ts';
import { openSharedState } from '../../src/state/redis/shared-state.ts';
import { freePort } from '../peers/free-port.ts';
import { startNginx } from '../peers/nginx.ts';
import { startRedis } from '../peers/redis.ts';
import { ROOT } from './blocks.ts';

const read = (name: string): string => readFileSync(path.join(ROOT, name), 'utf8');

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** The configuration that these words start, with files that hold secrets. */
function listenOf(words: readonly string[], files: readonly string[]) {
  const action = parseArguments(words, {}, (name) => {
    if (!files.includes(name)) throw new Error(`no file ${name}`);
    return 'a-secret-0123456789abcdef0123456789';
  });
  if (action.kind !== 'run') throw new Error(action.kind);
  return action.config.listen;
}

it('compose.yaml starts replicas with one store, one token and one key', () => {
  const { services, secrets } = parse(read('examples/replicas/compose.yaml'));
  const own = services['mcp-proxy'];
  const files = own.secrets.map((name: string) => `/run/secrets/${name}`);
  expect(Object.keys(secrets).sort()).toEqual([...own.secrets].sort());
  const listen = listenOf(own.command, files);
  expect(listen).toMatchObject({ port: 8080, host: undefined, state: { address: { host: 'store' } } });
  expect(Object.keys(services)).toContain(listen?.state?.address.host);
  expect(services.nginx.volumes[0]).toMatch(/^\.\/nginx\.conf:/);
});

it('kubernetes.yaml selects the pods that it starts, and mounts what they read', () => {
  const documents = parseAllDocuments(read('examples/replicas/kubernetes.yaml')).map((one) => {
    expect(one.errors).toEqual([]);
    return one.toJS();
  });
  const [deployment, service, budget] = documents;
  expect(documents.map(({ kind }) => kind)).toEqual(['Deployment', 'Service', 'PodDisruptionBudget']);
  const { metadata, spec } = deployment.spec.template;
  for (const selector of [
    deployment.spec.selector.matchLabels,
    service.spec.selector,
    budget.spec.selector.matchLabels,
  ])
    expect(selector).toEqual(metadata.labels);
  const [container] = spec.containers;
  const mounted = container.volumeMounts.map(({ name }: { name: string }) => name);
  expect(spec.volumes.map(({ name }: { name: string }) => name)).toEqual(mounted);
  const place = container.volumeMounts[0].mountPath;
  const listen = listenOf(container.args, [`${place}/client-token`, `${place}/state-key`]);
  const [port] = container.ports;
  expect(listen?.port).toBe(port.containerPort);
  for (const probe of [container.livenessProbe, container.readinessProbe]) expect(probe.httpGet.port).toBe(port.name);
  expect(service.spec.ports[0].targetPort).toBe(port.name);
  expect(budget.spec.minAvailable).toBeLessThan(deployment.spec.replicas);
});

it('nginx takes its configuration', async () => {
  const port = await freePort();
  const http = read('examples/replicas/nginx.conf')
    .replace('listen 80;', `listen 127.0.0.1:${port};`)
    .replace('server mcp-proxy:8080;', 'server 127.0.0.1:9;');
  const nginx = await startNginx({ http, port });
  closing.push(nginx.close);
  expect((await fetch(`http://127.0.0.1:${port}/mcp`)).status).toBe(502);
});

it('the commands that the page names are all that the store must allow', async () => {
  const [, commands = '', keys = ''] = /The user needs `([A-Z ]+)` on `([^`]+)`/.exec(read('docs/replicas.md')) ?? [];
  const redis = await startRedis();
  closing.push(redis.close);
  const allowed = commands.split(' ').map((name) => `+${name.toLowerCase()}`);
  await redis.command('ACL', 'SETUSER', 'proxy', 'on', '>password', `~${keys}`, ...allowed);
  const lines: string[] = [];
  const note = (line: string): void => void lines.push(line);
  const shared = openSharedState({
    address: { tls: false, host: '127.0.0.1', port: redis.port, username: 'proxy', password: 'password', database: 0 },
    keys: ['k'.repeat(32)],
    log: { debug: () => {}, info: note, warn: note, error: note },
  });
  closing.push(() => shared.close());
  const { credentials, locks, memory, pins, replicas } = shared;
  await credentials.write('a', 'text');
  expect(await credentials.read('a')).toBe('text');
  expect(await credentials.names()).toEqual(['a']);
  await credentials.remove('a');
  const lock = locks('a');
  expect(await lock.tryAcquire()).toBe(true);
  await lock.release();
  await memory.remember(new URL('https://server.example/'), 'http');
  await pins('a').update((all) => all);
  await replicas.enter({ address: '127.0.0.1', port: 1 });
  expect(await replicas.find(replicas.id)).toMatchObject({ port: 1 });
  const records = shared.records(60_000, () => {});
  closing.push(() => records.close());
  records.keep('s', () => Buffer.from('{}'));
  await expect.poll(() => records.take('s')).toMatchObject({ kind: 'taken' });
  await records.release('s');
  records.forget('s');
  await replicas.leave();
  expect(lines).toEqual([]);
});
