// A server that counts: which call ran how often, which sessions and streams are open, what was asked and answered.
//
//   const upstream = await startCounting('streamable');
//   ...
//   await upstream.ledger.until('every session to be closed', ({ sessionsOpen }) => sessionsOpen === 0);
//
// In a test file: afterEach(closeCounting).
import { listenLoopback, type Peer, readJson } from '../listen.ts';
import type { RpcMessage } from '../rpc.ts';
import { type Face, sseFace, streamableFace } from './counting-legacy.ts';
import { modernFace } from './counting-modern.ts';
import type { Audience, CountingSession, Neighbours } from './counting-session.ts';
import { Ledger } from './ledger.ts';

/** Streamable HTTP with sessions; HTTP+SSE; revision 2026-07-28; the first and the last at one address. */
export type Form = 'streamable' | 'sse' | 'modern' | 'dual';

export interface CountingServer extends Peer {
  readonly form: Form;
  readonly ledger: Ledger;
  readonly sessions: ReadonlyMap<string, CountingSession>;
}

const running = new Set<CountingServer>();

export async function startCounting(form: Form): Promise<CountingServer> {
  const ledger = new Ledger();
  const sessions = new Map<string, CountingSession>();
  const around = { ledger, sessions, audience: new Set<Audience>(), forgotten: new Set<string>() };
  const peer = await listenLoopback(form === 'sse' ? '/sse' : '/mcp', faceOf(form, around));
  const server: CountingServer = {
    url: peer.url,
    form,
    ledger,
    sessions,
    async close() {
      running.delete(server);
      for (const session of [...sessions.values()]) session.close();
      await peer.close();
    },
  };
  running.add(server);
  return server;
}

/** For afterEach. */
export async function closeCounting(): Promise<void> {
  await Promise.all([...running].map((server) => server.close()));
}

function faceOf(form: Form, around: Neighbours): Face {
  if (form === 'sse') return sseFace(around);
  const streamable = streamableFace(around);
  if (form === 'streamable') return streamable;
  const modern = modernFace(around);
  if (form === 'modern') return modern;
  return async (req, res) => {
    if (req.method !== 'POST') return streamable(req, res);
    const body = (await readJson(req)) as RpcMessage;
    const isModern = body.params?._meta?.['io.modelcontextprotocol/protocolVersion'] !== undefined;
    return (isModern ? modern : streamable)(req, res, body);
  };
}
