// How a local server is started: without a shell, with the right environment, in the right folder.
import { chmodSync, mkdirSync, mkdtempSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { scripted } from '../../peers/local/scripted.ts';
import { opened } from '../../peers/opened.ts';
import { type ProxyProcess, startProxy } from '../../peers/proxy.ts';

const open = opened();

const textOf = (result: { content: { text: string }[] }): string => result.content[0]?.text ?? '';

async function call(proxy: ProxyProcess, name: string, args: object = {}): Promise<string> {
  return textOf(await proxy.rpc.request('tools/call', { name, arguments: args }));
}

/** What the server answers to `initialize`, as an error. */
async function failure(proxy: ProxyProcess): Promise<{ code: number; message: string; data?: { hint?: string } }> {
  const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'c', version: '1' } };
  const { message } = await proxy.rpc.exchange('initialize', params);
  if (!message.error) throw new Error('initialize did not fail');
  return message.error;
}

describe('the environment', () => {
  const env = { GIVEN: 'by the host', CLIENTS: 'secret-of-the-clients', KEY: 'secret-of-the-server' };

  it('is that of the proxy, with the variables of --env', async () => {
    const server = await open(scripted());
    const flags = ['--env', 'GIVEN=here', '--env', 'SERVER_KEY=${KEY}', '--env', 'EMPTY='];
    const proxy = startProxy(undefined, [...flags, '--', ...server.command], { env });
    await proxy.rpc.initialize();
    const variables = JSON.parse(await call(proxy, 'environment'));
    expect(variables).toMatchObject({
      GIVEN: 'here',
      SERVER_KEY: env.KEY,
      KEY: env.KEY,
      CLIENTS: env.CLIENTS,
      EMPTY: '',
    });
  });

  it('with --clean-env holds a short list, and what --env names', async () => {
    const server = await open(scripted());
    const proxy = startProxy(undefined, ['--clean-env', '--env', 'SERVER_KEY=${KEY}', '--', ...server.command], {
      env,
    });
    await proxy.rpc.initialize();
    const variables = JSON.parse(await call(proxy, 'environment'));
    expect(variables).toMatchObject({ SERVER_KEY: env.KEY, HOME: proxy.home, PATH: process.env.PATH });
    for (const name of ['GIVEN', 'CLIENTS', 'KEY', 'XDG_CACHE_HOME']) expect(variables).not.toHaveProperty(name);
  });

  it('puts no value of a placeholder on the command line of the server', async () => {
    const server = await open(scripted());
    const proxy = startProxy(undefined, ['--env', 'SERVER_KEY=${KEY}', '--', ...server.command, 'note=${KEY}'], {
      env,
    });
    await proxy.rpc.initialize();
    const { readFileSync } = await import('node:fs');
    const [pid] = server.pids();
    const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
    expect(line).toContain('note=${KEY}');
    expect(line).not.toContain(env.KEY);
  });
});

it('the working directory is that of --cwd', async () => {
  const server = await open(scripted());
  const folder = realpathSync(mkdtempSync(path.join(os.tmpdir(), 'mcp proxy cwd ')));
  const proxy = startProxy(undefined, ['--cwd', folder, '--', ...server.command]);
  await proxy.rpc.initialize();
  expect(await call(proxy, 'folder')).toBe(folder);
});

it('a program in a folder with spaces and signs of a shell is started as it is', async () => {
  const server = await open(scripted());
  const folder = path.join(mkdtempSync(path.join(os.tmpdir(), 'mcp-proxy-')), 'a b;$(touch x)&');
  mkdirSync(folder);
  const program = path.join(folder, 'node it');
  symlinkSync(process.execPath, program);
  const proxy = startProxy(undefined, ['--', program, ...server.command.slice(1), 'note=*;`x`"\'']);
  await proxy.rpc.initialize();
  expect(await call(proxy, 'echo', { text: 'ok' })).toBe('ok');
});

describe('a program that cannot be started', () => {
  it('and is nowhere in PATH: the error says what was looked for, and where', async () => {
    const proxy = startProxy(undefined, ['--', 'no-such-program'], { env: { PATH: '/nowhere:/usr/no' } });
    const error = await failure(proxy);
    expect(error.code).toBe(-31001);
    expect(error.message).toContain('the program "no-such-program" is in no folder of PATH (/nowhere:/usr/no)');
    expect(error.data?.hint).toContain('give its full path after --');
  });

  it('because the path is wrong', async () => {
    const error = await failure(startProxy(undefined, ['--', './no/such']));
    expect(error).toMatchObject({ code: -31001, data: { hint: 'check the path after --' } });
    expect(error.message).toContain('the program "./no/such" does not exist');
  });

  it('because it is not executable', async () => {
    const file = path.join(mkdtempSync(path.join(os.tmpdir(), 'mcp-proxy-')), 'server');
    writeFileSync(file, '#!/bin/sh\n');
    chmodSync(file, 0o644);
    expect((await failure(startProxy(undefined, ['--', file]))).message).toContain('may not be executed');
  });

  it('because its folder does not exist', async () => {
    const server = await open(scripted());
    const error = await failure(startProxy(undefined, ['--cwd', '/no/such/folder', '--', ...server.command]));
    expect(error.message).toContain('the working directory "/no/such/folder" does not exist');
  });

  it.each(['start', 'initialize'])(
    'because it ends at once (%s): the error has its exit code and its last words',
    async (dies) => {
      const server = await open(scripted({ dies }));
      const proxy = startProxy(undefined, ['--', ...server.command]);
      const error = await failure(proxy);
      expect(error.code).toBe(-31003);
      expect(error.message).toContain(
        'ended with exit code 3 before it answered; its last line on stderr: API_KEY is not set',
      );
      await proxy.stderrMatching(/API_KEY is not set/);
    },
  );
});

it('lines on stdout that are no messages are counted, shown once, and skipped', async () => {
  const server = await open(scripted({ banner: 7 }));
  const proxy = startProxy(undefined, ['--log-level', 'debug', '--', ...server.command]);
  await proxy.rpc.initialize();
  expect(await call(proxy, 'echo', { text: 'ok' })).toBe('ok');
  await proxy.stderrMatching(/7 so far/);
  expect(proxy.stderr.match(/such lines are skipped: "\*\*\* welcome to line 1 \*\*\*"/g)).toHaveLength(1);
  expect(proxy.rpc.garbage).toEqual([]);
});
