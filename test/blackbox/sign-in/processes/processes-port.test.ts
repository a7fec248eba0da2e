// The port of the sign-in is in use by another program.
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { startBrowser } from '../../../peers/oauth/browser.ts';
import { opened } from '../../../peers/opened.ts';
import { startProxy } from '../../../peers/proxy.ts';
import { calls, type Fleet, lists, startFleet, until, works } from './fleet.ts';

const open = opened();

/** Another program on the port, one that answers browsers. */
async function foreign(port: number) {
  let answered = 0;
  const server = http.createServer(({ url = '' }, res) => {
    // The program may ask whether this is one of its own listeners; requests of the browser must not get here.
    if (url.includes('?') || url.startsWith('/callback')) answered++;
    res.end('hello from another program');
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, '127.0.0.1', resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    get answered() {
      return answered;
    },
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}

function redirectOf(page: string): URL {
  return new URL(new URL(page).searchParams.get('redirect_uri') ?? '');
}

/** The port that the program would use for this server, found out with another home. */
async function preferredPort({ server }: Fleet): Promise<number> {
  const browser = await open(startBrowser('never'));
  const proxy = startProxy(server.url, [], { env: { BROWSER: browser.command } });
  await proxy.rpc.initialize();
  const page = await browser.waitForTab(1);
  await proxy.close();
  return Number(redirectOf(page).port);
}

it('a sign-in uses a free port while another program uses the preferred one', async () => {
  const fleet = await open(startFleet());
  const port = await preferredPort(fleet);
  const stranger = await open(foreign(port));
  const copies = fleet.start(3);
  await Promise.all(copies.map(works));
  expect(Number(redirectOf(fleet.browser.opened[0] ?? '').port)).not.toBe(port);
  expect(fleet.browser.opened).toHaveLength(1);
  expect(stranger.answered).toBe(0);
});

it('a server that compares ports gets a new registration when another program uses the old port', async () => {
  const fleet = await open(startFleet({ redirectPorts: 'exact' }));
  await fleet.signedIn();
  const { port } = redirectOf(fleet.browser.opened[0] ?? '');
  fleet.authorizationServer.revokeEverything();
  await open(foreign(Number(port)));
  await works(fleet.startOne());
  expect(fleet.browser.opened).toHaveLength(2);
  expect(fleet.authorizationServer.count('register')).toBe(2);
});

it('a new sign-in works after another program has taken the port of an abandoned one', async () => {
  const fleet = await open(startFleet({ browser: 'hold' }));
  const killed = fleet.startOne();
  await killed.rpc.initialize();
  const page = await fleet.browser.waitForTab(1);
  await killed.kill();
  await open(foreign(Number(redirectOf(page).port)));
  const copy = fleet.startOne();
  await copy.rpc.initialize();
  // The user already has a tab that leads nowhere; another one that they did not ask for would do no better.
  const next = await until(() => /sign in here: (\S+)/.exec(copy.stderr)?.[1]);
  expect(redirectOf(next).port).not.toBe(redirectOf(page).port);
  expect(fleet.browser.opened).toHaveLength(1);
  await fleet.browser.visit(next);
  await lists(copy);
  await calls(copy);
});

it('a fixed port that another program uses ends the program with one message that names both', async () => {
  const fleet = await open(startFleet());
  const stranger = await open(foreign(0));
  const copy = fleet.startOne(['--callback-port', String(stranger.port)]);
  const { message } = await copy.rpc.exchange('initialize', {
    protocolVersion: '2025-11-25',
    capabilities: {},
    clientInfo: { name: 'line-client', version: '1.0.0' },
  });
  expect(message.error?.message).toContain(`port ${stranger.port}`);
  expect(message.error?.message).toContain('node');
  expect(await copy.exited).toBe(1);
  // Said once, because hosts show these lines to their users.
  expect(copy.stderr.match(new RegExp(`port ${stranger.port}`, 'g'))).toHaveLength(1);
  expect(fleet.browser.opened).toHaveLength(0);
  expect(fleet.authorizationServer.count('register')).toBe(0);
});
