// If a call is silent for longer than nginx waits, comments keep it alive, however the client waits for it.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ModernClient } from '../../peers/http/modern-client.ts';
import { SseClient } from '../../peers/http/sse-client.ts';
import { StreamableClient } from '../../peers/http/streamable-client.ts';
import { answerRpc, legacyServer, modernServer, rpc } from '../../peers/minimal-server.ts';
import { type Script, type ScriptedPeer, startScripted } from '../../peers/scripted.ts';
import { type Front, startFront } from './front.ts';

// nginx waits longer than any gap between two signs of life, and the call is silent for longer than both together.
const SILENCE_MS = 45_000;
const PATIENCE = '24s';
const CALLED = '{"resultType":"complete","content":[{"type":"text","text":"at last"}]}';

/** Answers calls late, and everything else at once. */
const lateServer =
  (prompt: Script): Script =>
  async (seen, res) => {
    if (rpc(seen).method !== 'tools/call') return prompt(seen, res);
    await new Promise((resolve) => setTimeout(resolve, SILENCE_MS));
    if (!res.destroyed) answerRpc(seen, res, { 'tools/call': CALLED });
  };

const peers: ScriptedPeer[] = [];
const fronts: Front[] = [];
const patience = (config: string): string => config.replace('proxy_read_timeout 60s', `proxy_read_timeout ${PATIENCE}`);
beforeAll(async () => {
  for (const server of [legacyServer(), modernServer()]) {
    const peer = await startScripted('/mcp', lateServer(server));
    peers.push(peer);
    fronts.push(await startFront(peer.url, [], patience));
  }
});
afterAll(async () => {
  for (const front of fronts) await front.stop();
  for (const peer of peers) await peer.close();
});

it('over /mcp, over /sse and in 2026-07-28', { timeout: 120_000 }, async () => {
  const [legacy, modern] = fronts as [Front, Front];
  const sessions = new StreamableClient(`${legacy.url}/mcp`, legacy.options());
  await sessions.initialize();
  // A stream on which nothing happens at all.
  const idle = await sessions.listen();
  let cut = false;
  void idle.ended.then(() => {
    cut = true;
  });
  const events = new SseClient(`${legacy.url}/sse`, legacy.options());
  await events.open();
  await events.initialize();
  const stateless = new ModernClient(`${modern.url}/mcp`, modern.options());

  const clients = [sessions, events, stateless];
  for (const client of clients) client.arrivals.waitMs = 2 * SILENCE_MS;
  const answers = await Promise.all(clients.map((client) => client.request('tools/call', { name: 'echo' })));
  expect(answers.map(({ content }) => content[0].text)).toEqual(['at last', 'at last', 'at last']);
  expect(cut).toBe(false);
  expect(sessions.comments).toBeGreaterThan(0);
  expect(events.comments).toBeGreaterThan(0);
  for (const { nginx } of fronts) expect(nginx.log()).not.toContain('timed out');
  for (const client of clients) client.vanish();
});
