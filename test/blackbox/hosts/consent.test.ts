// A user who is asked on a terminal, and other programs that write the same file at the same time.
import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it, vi } from 'vitest';
import { cacheFolder } from '../../../src/platform/folders.ts';
import { localLocks } from '../../../src/state/locks.ts';
import { legacyServer } from '../../peers/minimal-server.ts';
import { startAuthorizationServer } from '../../peers/oauth/authorization-server.ts';
import { startBrowser } from '../../peers/oauth/browser.ts';
import { startProtectedServer } from '../../peers/oauth/protected-server.ts';
import { opened } from '../../peers/opened.ts';
import { PROGRAM, proxyEnvironment, startProxy } from '../../peers/proxy.ts';
import { WAIT_MS } from '../../peers/rpc.ts';
import { startScripted } from '../../peers/scripted.ts';
import { CTRL_C, hasTerminal, startTerminal, visibleLines } from '../../peers/terminal.ts';
import { run } from '../sign-in/command.ts';
import { HOST_FILES, HostHome } from './host-home.ts';

const open = opened();
const BEFORE = HOST_FILES.cursor?.content ?? '';

async function setting() {
  const server = await open(startScripted('/mcp', legacyServer()));
  const home = await open(new HostHome());
  return { server, home, file: home.add('cursor') };
}

describe.runIf(hasTerminal)('at a terminal', () => {
  async function asked() {
    const { server, home, file } = await setting();
    const args = ['install', 'cursor', server.url, '--name', 'mine'];
    const terminal = await open(startTerminal(args, { home: home.folder }));
    await terminal.shows(/\+ {5}"mine": \{[\s\S]*add "mine" to Cursor\? \[y\/N\] $/);
    return { home, file, terminal };
  }

  it.each(['y\n', 'Yes\n'])('writes after %j', async (answer) => {
    const { home, terminal } = await asked();
    expect(home.text('cursor')).toBe(BEFORE);
    terminal.type(answer);
    expect(await terminal.exit()).toBe(0);
    expect(visibleLines(terminal.screen).join('\n')).toMatch(
      /added "mine" to Cursor\nconnected to minimal 1, revision 2025-11-25, 1 tool\nnext: [^\n]+\nto undo: mcp-proxy uninstall cursor mine; until then, the file from before is .+mcp\.json\.before-mine\.bak\n/,
    );
    expect(home.entry('cursor', 'mine').command).toBe(PROGRAM[0]);
  });

  it.each(['n\n', '\n', 'what?\n'])('writes nothing after %j', async (answer) => {
    const { home, terminal } = await asked();
    terminal.type(answer);
    expect(await terminal.exit()).toBe(1);
    expect(terminal.screen).toContain('mcp-proxy: nothing was written\n');
    expect(home.text('cursor')).toBe(BEFORE);
  });

  it('writes nothing after Ctrl-C', async () => {
    const { home, terminal } = await asked();
    terminal.type(CTRL_C);
    expect(await terminal.exit()).toBe(130);
    expect(home.text('cursor')).toBe(BEFORE);
  });

  it('reads a file again that has changed before the user answers', async () => {
    const { home, file, terminal } = await asked();
    writeFileSync(file, BEFORE.replace('"other"', '"new": {},\n    "other"'));
    terminal.type('y\n');
    expect(await terminal.exit()).toBe(0);
    expect(terminal.screen).toContain(`${file} has changed meanwhile; reading it again`);
    expect(home.text('cursor')).toMatch(/"new": \{\},[\s\S]*"other": \{[\s\S]*"mine": \{/);
    await run('uninstall', ['cursor', 'mine'], { home: home.folder });
    expect(home.text('cursor')).toBe(BEFORE.replace('"other"', '"new": {},\n    "other"'));
  });

  it('asks again when the change is different from the one that the user saw', async () => {
    const { home, file, terminal } = await asked();
    writeFileSync(file, BEFORE.replace('"other"', '"mine"'));
    terminal.type('y\n');
    await terminal.shows(/replace "mine" in Cursor\? \[y\/N\] $/);
    terminal.type('n\n');
    expect(await terminal.exit()).toBe(1);
    expect(home.text('cursor')).toBe(BEFORE.replace('"other"', '"mine"'));
  });

  it('does not write a file that can no longer be parsed', async () => {
    const { file, terminal } = await asked();
    writeFileSync(file, '{');
    terminal.type('y\n');
    expect(await terminal.exit()).toBe(1);
    expect(terminal.screen).toContain(`cannot edit ${file}, line 1, column 2: `);
    expect(readFileSync(file, 'utf8')).toBe('{');
  });

  it('asks before it removes an entry that was edited after the installation', async () => {
    const { server, home, file } = await setting();
    await run('install', ['cursor', server.url, '--yes', '--name', 'mine'], { home: home.folder });
    writeFileSync(file, home.text('cursor').replace('/mcp"', '/mcp", "--log-level", "debug"'));
    const terminal = await open(startTerminal(['uninstall', 'cursor', 'mine'], { home: home.folder }));
    await terminal.shows(/"mine" was edited since; remove it\? \[y\/N\] $/);
    terminal.type('y\n');
    expect(await terminal.exit()).toBe(0);
    expect(home.text('cursor')).toBe(BEFORE);
  });
});

it('installations at the same time all succeed', async () => {
  const { server, home } = await setting();
  const names = ['one', 'two', 'three', 'four'];
  const outcomes = await Promise.all(
    names.map((name) => run('install', ['cursor', server.url, '--yes', '--name', name], { home: home.folder })),
  );
  expect(outcomes.map(({ code, err }) => [code, err])).toEqual(names.map(() => [0, '']));
  for (const name of names) expect(home.entry('cursor', name).args).toContain(server.url);
  for (const name of names) await run('uninstall', ['cursor', name], { home: home.folder });
  expect(home.text('cursor')).toBe(BEFORE);
});

it('an installation waits for another one that is writing, and then reads the file again', async () => {
  const { server, home, file } = await setting();
  const lock = localLocks(cacheFolder({ ...proxyEnvironment(home.folder) }, process.platform, () => home.folder))(
    'install',
  );
  expect(await lock.tryAcquire()).toBe(true);
  const args = ['cursor', server.url, '--yes', '--name', 'mine'];
  const program = startProxy('install', args, { home: home.folder });
  await vi.waitFor(() => expect(program.lines.join('\n')).toContain('"mine"'), { timeout: WAIT_MS });
  // A program with another cache folder does not know of the lock, so it writes while the first one still asks.
  const env = { XDG_CACHE_HOME: home.at('cache'), LOCALAPPDATA: home.at('cache') };
  const options = { home: home.folder, env: { ...env } };
  expect(await run('install', ['cursor', server.url, '--yes', '--name', 'theirs'], options)).toMatchObject({ code: 0 });
  expect(home.text('cursor')).not.toContain('"mine"');
  await lock.release();
  expect(await program.close()).toMatchObject({ code: 0 });
  expect(program.lines).toContain(`${file} has changed meanwhile; reading it again`);
  expect(home.text('cursor')).toMatch(/"theirs": [\s\S]*"mine": /);
});

describe('a server that asks for a sign-in', () => {
  it('is reported as asking for one when no user is there', async () => {
    const authorizationServer = await open(startAuthorizationServer());
    const server = await open(startProtectedServer({ authorizationServer }));
    const home = await open(new HostHome());
    home.add('cursor');
    const args = ['cursor', server.url, '--yes', '--name', 'mine'];
    const { code, err, out } = await run('install', args, { home: home.folder });
    expect({ code, err }).toEqual({ code: 0, err: '' });
    const said = out.indexOf('the server asks for a sign-in:');
    expect(out[said + 1]).toBe(`start Cursor to sign in, or run: mcp-proxy login ${server.url}`);
    // The redirect URI leads back to a program that has already ended.
    expect(out.join('\n')).not.toContain('/authorize');
  });

  it.runIf(hasTerminal)('is connected once the user at the terminal has signed in', async () => {
    const authorizationServer = await open(startAuthorizationServer());
    const server = await open(startProtectedServer({ authorizationServer }));
    const browser = await open(startBrowser());
    const home = await open(new HostHome());
    home.add('cursor');
    const args = ['install', 'cursor', server.url, '--yes', '--name', 'mine'];
    const terminal = await open(startTerminal(args, { home: home.folder, env: { BROWSER: browser.command } }));
    await terminal.shows(/connected to (?!mcp-proxy).+, revision 2025-11-25, \d+ tools?/);
    expect(terminal.screen).toContain('if your browser did not open this page, open it yourself:');
    expect(await terminal.exit()).toBe(0);
  });
});
