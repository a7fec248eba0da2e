// Unencrypted connections: to this machine always, to others only when the user says so.
import { describe, expect, it } from 'vitest';
import { legacyServer } from '../peers/minimal-server.ts';
import { DIRECT, NAMES } from '../peers/names.ts';
import { opened } from '../peers/opened.ts';
import { startProxy } from '../peers/proxy.ts';
import { startScripted } from '../peers/scripted.ts';

const open = opened();

describe('without --allow-http', () => {
  it.each(['127.0.0.1', 'localhost', 'LOCALHOST', '127.0.0.1.', 'localhost.', 'mcp.localhost', '2130706433', '0x7f.1'])(
    '%s is accepted as this machine',
    async (host) => {
      const server = await open(startScripted('/mcp', legacyServer()));
      const proxy = startProxy(`http://${host}:${server.port}/mcp`, [], NAMES);
      await proxy.rpc.initialize();
      expect(await proxy.close()).toEqual({ code: 0, signal: null });
    },
  );

  it('[::1] is accepted as this machine, whether or not a server listens there', async () => {
    const server = await open(startScripted('/mcp', legacyServer()));
    const proxy = startProxy(`http://[::1]:${server.port}/mcp`);
    await expect(proxy.rpc.initialize()).rejects.toMatchObject({
      code: -31001,
      message: expect.stringContaining('[::1]'),
    });
    expect(await proxy.close()).toEqual({ code: 0, signal: null });
  });

  it.each([
    DIRECT,
    '10.0.0.1',
    '192.168.1.1',
    '0.0.0.0',
    '[::]',
    '[::ffff:10.0.0.1]',
    'localhost.example',
    '127.0.0.1.example',
    '127.example.com',
    'notlocalhost',
    'user@server.test',
    'localhost@server.test',
  ])('http://%s is refused', async (host) => {
    const proxy = startProxy(`http://${host}:8080/mcp`, [], NAMES);
    expect(await proxy.exit()).toEqual({ code: 2, signal: null });
    expect(proxy.stderr).toMatch(/without encryption[\s\S]*hint: .*--allow-http/);
    expect(proxy.lines).toEqual([]);
  });
});

it('with --allow-http another machine is reached without encryption', async () => {
  const server = await open(startScripted('/mcp', legacyServer()));
  const proxy = startProxy(`http://${DIRECT}:${server.port}/mcp`, ['--allow-http'], NAMES);
  await proxy.rpc.initialize();
  expect(await proxy.close()).toEqual({ code: 0, signal: null });
  expect(server.requests[0]?.headers.host).toBe(`${DIRECT}:${server.port}`);
});

it('--allow-http=false is the same as leaving it out', async () => {
  const proxy = startProxy(`http://${DIRECT}/mcp`, ['--allow-http=false'], NAMES);
  expect(await proxy.exit()).toEqual({ code: 2, signal: null });
});
