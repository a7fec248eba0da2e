// For every host: install a server, start what was written as the host would, call a tool, and uninstall. Every byte of
// the configuration must be as before.
import { describe, expect, it } from 'vitest';
import { opened } from '../../peers/opened.ts';
import { startRecorder } from '../../peers/recorder.ts';
import { startSdkV1Stateful } from '../../peers/sdk-v1-stateful.ts';
import { run } from '../sign-in/command.ts';
import { argumentsIn, callEcho, HOST_FILES, HostHome } from './host-home.ts';

const open = opened();
const SECRET = 'correct-horse-battery-staple';

describe.each(Object.keys(HOST_FILES))('%s', (host) => {
  it('starts what install wrote, and has its old file after uninstall', async () => {
    const recorder = await open(startRecorder((await open(startSdkV1Stateful())).url));
    const home = await open(new HostHome());
    home.add(host);
    const before = home.contents();

    const flags = ['--yes', '--name', 'mine', '-H', `Authorization: Bearer ${SECRET}`];
    const installed = await run('install', [host, recorder.url, ...flags], { home: home.folder });
    expect(installed).toMatchObject({ code: 0, err: '' });
    expect(installed.out.join('\n')).toMatch(/^connected to .+, revision 2025-11-25, \d+ tools$/m);
    expect(installed.out.join('\n')).not.toContain(SECRET);

    const entry = home.entry(host, 'mine');
    expect(argumentsIn(entry)[0]).toBe(recorder.url);
    expect(entry.args.join(' ')).not.toContain(SECRET);
    const seen = recorder.requests.length;
    expect(await callEcho(entry, home.folder)).toContain('hello');
    const headers = recorder.requests.slice(seen).map((request) => request.headers.authorization);
    expect(new Set(headers)).toEqual(new Set([`Bearer ${SECRET}`]));

    const removed = await run('uninstall', [host, 'mine'], { home: home.folder });
    expect(removed).toMatchObject({ code: 0, err: '' });
    expect(home.contents()).toEqual(before);
  });

  it('without a file gets one, and has none after uninstall', async () => {
    const server = await open(startSdkV1Stateful());
    const home = await open(new HostHome());
    home.add(host, null);
    const before = home.contents();
    const installed = await run('install', [host, server.url, '--yes', '--name', 'mine'], { home: home.folder });
    expect(installed).toMatchObject({ code: 0, err: '' });
    expect(await callEcho(home.entry(host, 'mine'), home.folder)).toContain('hello');
    expect(await run('uninstall', [host, 'mine'], { home: home.folder })).toMatchObject({ code: 0, err: '' });
    expect(home.contents()).toEqual(before);
  });

  it('is reported as not installed', async () => {
    const home = await open(new HostHome());
    const before = home.contents();
    const { code, err } = await run('install', [host, 'https://server.example/mcp', '--yes'], {
      home: home.folder,
      env: { PATH: '' },
    });
    expect({ code, err }).toEqual({
      code: 1,
      err: expect.stringMatching(/ is not installed: .+ does not exist\nhint: /),
    });
    expect(home.contents()).toEqual(before);
  });
});
