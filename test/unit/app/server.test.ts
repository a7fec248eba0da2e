import { expect, it } from 'vitest';
import { onlyServer } from '../../../src/app/server.ts';
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
  command: 'node',
  args: [],
  cwd: undefined,
  env: [],
  cleanEnv: false,
};

it('the only server of a configuration is a remote one', () => {
  expect(onlyServer({ ...DEFAULTS, servers: [remote] })).toBe(remote);
});

it.each<[string, readonly Server[]]>([
  ['no server', []],
  ['a local server', [local]],
  ['several servers', [remote, { ...remote, name: 'other' }]],
])('%s cannot be served yet', (_, servers) => {
  expect(() => onlyServer({ ...DEFAULTS, servers })).toThrow(/only a single remote server/);
});
