// The counting server as a local server: each child is a pipe to this process, so that one ledger counts for all of
// them.
//
//   const upstream = await startLocalCounting();
//   const serving = await startServing(undefined, ['--', ...upstream.command]);
import { CountingSession } from '../http/counting-session.ts';
import { Ledger } from '../http/ledger.ts';
import type { RpcMessage } from '../rpc.ts';
import { onLines, startPiped } from './piped-child.ts';

export interface LocalCountingServer {
  /** The words that start a child. */
  readonly command: readonly string[];
  readonly ledger: Ledger;
  readonly sessions: ReadonlyMap<string, CountingSession>;
  close(): Promise<void>;
}

export async function startLocalCounting(): Promise<LocalCountingServer> {
  const ledger = new Ledger();
  const sessions = new Map<string, CountingSession>();
  const around = { ledger, sessions, audience: new Set<CountingSession>(), forgotten: new Set<string>() };
  let number = 0;
  const piped = await startPiped((socket) => {
    number += 1;
    const write = (message: object): void => void socket.write(`${JSON.stringify(message)}\n`);
    const session = new CountingSession(`child-${number}`, around, write);
    onLines(socket, (line) => {
      const message = JSON.parse(line) as RpcMessage;
      if (message.method === undefined || message.id === undefined) {
        session.take(message);
        return;
      }
      ledger.requests += 1;
      void session.answer(message, { send: write, finish: write });
    });
    socket.once('close', () => session.close());
  });
  return {
    command: piped.command,
    ledger,
    sessions,
    async close() {
      for (const session of [...sessions.values()]) session.close();
      await piped.close();
    },
  };
}
