// The servers of the matrix that are reached over HTTP.
import { asksForToken, type Cell } from './cells.ts';
import { type CellServer, remote } from './run.ts';
import { type FaultyServer, startFaultyServer } from './server.ts';

export function startRemote(cell: Cell, timeout: number): Promise<CellServer> {
  return asksForToken(cell) ? startProtected(cell, timeout) : startOpen(cell, timeout);
}

async function startOpen(cell: Cell, timeout: number): Promise<CellServer> {
  const server = await startFaultyServer(cell);
  const { config, remove } = remote(server.url, server.ca, cell, timeout);
  return {
    config,
    runs: server.runs,
    arm: () => server.arm(),
    lift: () => server.lift(),
    // The server did not hear of the end where that was the fault.
    left: () => left(server, cell.phase !== 'DELETE'),
    async close() {
      remove();
      await server.close();
    },
  };
}

/** A healthy server that asks for tokens of a faulty token endpoint. */
async function startProtected(cell: Cell, timeout: number): Promise<CellServer> {
  const tokens = await startFaultyServer(cell);
  const server = await startFaultyServer({ ...cell, fault: 'silence' }, tokens.tokenEndpoint);
  const { config, remove } = remote(server.url, tokens.ca, cell, timeout);
  return {
    config,
    runs: server.runs,
    tokenEndpoint: tokens.tokenEndpoint,
    arm: () => tokens.arm(),
    lift: () => tokens.lift(),
    tokenAsked: () => tokens.until(() => tokens.tokenRequests > 0, 'a request for a token'),
    async left() {
      await left(server, true);
      await left(tokens, false);
    },
    async close() {
      remove();
      await server.close();
      await tokens.close();
    },
  };
}

async function left(server: FaultyServer, hasSessions: boolean): Promise<void> {
  await server.until(() => server.sockets.size === 0, 'the end of all connections');
  if (hasSessions && server.sessions.size > 0) throw new Error(`sessions are left: ${[...server.sessions]}`);
}
