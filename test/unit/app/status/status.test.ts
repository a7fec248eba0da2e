// What the status page follows while somebody looks.
import { expect, it } from 'vitest';
import type { Environment } from '../../../../src/app/environment.ts';
import type { HttpPart } from '../../../../src/app/http-server.ts';
import { Status } from '../../../../src/app/status/status.ts';
import { SignInState } from '../../../../src/core/sign-in.ts';
import { Activities } from '../../../../src/downstream/http/operator/activity.ts';
import { createMetrics } from '../../../../src/downstream/http/operator/metrics.ts';

const redact = (text: string): string => text;
const environment = { version: '1', redact, memory: { peek: () => undefined } } as unknown as Environment;

/** A server that a sign-in may begin at. */
function serverOf(name: string) {
  const state = new SignInState();
  const readiness = { reachable: true, unreachable: undefined, signInNeeded: false };
  const server = { kind: 'http', name, url: 'https://one.example/mcp', ignoreTools: [] };
  const part = {
    shared: { server, label: name, environment, auth: { state } },
    ready: { look: async () => readiness },
    sessions: { eras: new Set() },
    activity: new Activities().of(name),
  } as unknown as HttpPart;
  return { part, state };
}

it('a sign-in is seen at once at a server that a reload has added, and no longer at one that it has removed', async () => {
  const [old, added] = [serverOf('old'), serverOf('added')];
  let parts = [old.part];
  const status = new Status({
    environment,
    activities: new Activities(),
    metrics: createMetrics({ sessions: () => 0, streams: () => 0 }),
    sessions: { all: () => [], size: 0 } as never,
    parts: () => parts,
    several: true,
    remembered: () => undefined,
  });
  let changes = 0;
  const stop = status.watch(() => changes++);
  old.state.pending = { url: 'https://as.example/1' };
  expect(changes).toBe(1);
  parts = [added.part];
  await status.facts(false);
  added.state.pending = { url: 'https://as.example/2' };
  expect(changes).toBe(2);
  old.state.complete();
  expect(changes).toBe(2);
  added.state.complete();
  expect(changes).toBe(3);
  stop();
  added.state.pending = { url: 'https://as.example/3' };
  expect(changes).toBe(3);
});
