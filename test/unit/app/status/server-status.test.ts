// When the status page looks at a server, and when it begins a sign-in.
import { expect, it } from 'vitest';
import type { HttpPart } from '../../../../src/app/http-server.ts';
import { ServerStatus } from '../../../../src/app/status/server-status.ts';
import { HTTP_SERVER_DEFAULTS, httpServer } from '../../../../src/config.ts';
import type { Metrics } from '../../../../src/downstream/http/operator/metrics.ts';
import type { Readiness } from '../../../../src/downstream/http/operator/readiness-facts.ts';

/** A server that wants a sign-in, whose looks end when the test says so. */
function closedServer() {
  const looks: { readonly begins: boolean; end(): void }[] = [];
  const look = (begins: boolean): Promise<Readiness> =>
    new Promise((resolve) => {
      looks.push({ begins, end: () => resolve({ reachable: true, unreachable: undefined, signInNeeded: true }) });
    });
  const shared = {
    server: httpServer(new URL('https://one.example/mcp'), HTTP_SERVER_DEFAULTS),
    auth: { state: { completed: 0, pending: undefined } },
  };
  const part = { shared, ready: { look } } as unknown as HttpPart;
  const status = new ServerStatus({ part, metrics: {} as Metrics, several: false, remembered: () => undefined });
  return { status, looks };
}

it('a page that is opened during a look which begins nothing still begins the sign-in', async () => {
  const { status, looks } = closedServer();
  const listening = status.look(0, false);
  const opening = status.look(1, true);
  looks[0]?.end();
  await listening;
  await Promise.resolve();
  expect(looks.map(({ begins }) => begins)).toEqual([false, true]);
  looks[1]?.end();
  await opening;
});

it('readers who come at the same time cause one look', async () => {
  const { status, looks } = closedServer();
  const opening = [status.look(0, true), status.look(1, true), status.look(2, false)];
  looks[0]?.end();
  await Promise.all(opening);
  expect(looks.map(({ begins }) => begins)).toEqual([true]);
});

it('two who open the page during a look cause one more', async () => {
  const { status, looks } = closedServer();
  const listening = status.look(0, false);
  const opening = [status.look(1, true), status.look(1, true)];
  looks[0]?.end();
  await listening;
  await Promise.resolve();
  looks[1]?.end();
  await Promise.all(opening);
  expect(looks.map(({ begins }) => begins)).toEqual([false, true]);
});
