import { expect, it } from 'vitest';
import { onlyServer } from '../../../src/app/only-server.ts';
import { onlyRemoteServer } from '../../../src/app/server.ts';
import {
  DEFAULTS,
  HTTP_SERVER_DEFAULTS,
  type HttpServer,
  httpServer,
  type Server,
  type StdioServer,
} from '../../../src/config.ts';

const remote: HttpServer = httpServer(new URL('https://server.example/mcp'), HTTP_SERVER_DEFAULTS);
const local: StdioServer = {
  kind: 'stdio',
  name: 'local',
  ignoreTools: [],
  timeout: 1_000,
  command: 'node',
  args: [],
  cwd: undefined,
  env: [],
  cleanEnv: false,
  withheld: [],
};

it.each([remote, local])('the only server of a configuration is served: $kind', (server) => {
  expect(onlyServer({ ...DEFAULTS, servers: [server] })).toBe(server);
});

it('a sign-in concerns remote servers only', () => {
  expect(onlyRemoteServer({ ...DEFAULTS, servers: [remote] })).toBe(remote);
  expect(() => onlyRemoteServer({ ...DEFAULTS, servers: [local] })).toThrow(/is supported/);
});

it.each<[string, readonly Server[]]>([
  ['no server', []],
  ['several servers', [remote, { ...remote, name: 'other' }]],
])('%s cannot be served yet', (_, servers) => {
  expect(() => onlyServer({ ...DEFAULTS, servers })).toThrow(/is supported/);
});
