// Names of servers in a host: no server silently replaces another one.
import { describe, expect, it } from 'vitest';
import { legacyServer } from '../../peers/minimal-server.ts';
import { opened } from '../../peers/opened.ts';
import { startScripted } from '../../peers/scripted.ts';
import { run } from '../sign-in/command.ts';
import { HostHome } from './host-home.ts';

const open = opened();

async function setting() {
  const server = await open(startScripted('/mcp', legacyServer()));
  const home = await open(new HostHome());
  home.add('cursor');
  const install = (...args: string[]) => run('install', ['cursor', ...args, '--yes'], { home: home.folder });
  return { server, home, install, url: new URL(server.url) };
}

describe('a name that the program chose', () => {
  it('does not replace a server of this program for another URL', async () => {
    const { server, home, install, url } = await setting();
    await install(server.url);
    const before = home.text('cursor');
    const { code, err } = await install(`${url.origin}/servers/jira`);
    expect({ code, err }).toEqual({
      code: 2,
      err: 'mcp-proxy: Cursor has another server with the name "server"\nhint: --name server-jira adds this one, --name server replaces the other one\n',
    });
    expect(home.text('cursor')).toBe(before);
  });

  it('replaces the server for the same URL, and says so', async () => {
    const { server, home, install } = await setting();
    await install(server.url);
    const { code, out } = await install(server.url, '--log-level', 'debug');
    expect({ code, out }).toEqual({ code: 0, out: expect.arrayContaining(['replaced "server" in Cursor']) });
    expect(home.entry('cursor', 'server').args).toContain('debug');
  });
});

it('with --print, the output says that the name is taken', async () => {
  const { server, install } = await setting();
  await install(server.url);
  const { err } = await install(server.url, '--print');
  expect(err).toMatch(/^to replace "server" in .+mcp\.json:\n$/);
  expect((await install(server.url, '--print', '--name', 'new')).err).toMatch(/^to add to .+mcp\.json:\n$/);
});
