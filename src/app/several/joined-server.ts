/** A server of the configuration as one of several. Loaded when there are several. */
import { createHash } from 'node:crypto';
import type { Server } from '../../config.ts';
import type { JoinedServer } from '../../layers/join/join.ts';
import { forgivingAnswers } from '../../state/forgiving-memory.ts';
import { type StoredAnswers, storedAnswers } from '../../state/remembered-answers.ts';
import type { Environment } from '../environment.ts';
import { FORGETFUL, type Shared } from '../server.ts';

/** Raise it when what is remembered changes its form. */
const FORMAT = 1;

/** One of several servers, with what it remembers. */
export interface RememberedServer extends JoinedServer {
  /** Resolves when everything to be remembered is stored. */
  flushed(): Promise<void>;
}

/** @param open opens a session behind the layers of the server. */
export function joinedServer(
  { server, auth, environment }: Pick<Shared, 'server' | 'auth' | 'environment'>,
  open: JoinedServer['open'],
): RememberedServer {
  const personal = server.kind === 'http' && server.forwardHeaders.length > 0;
  // The answers to one client must not be given to another.
  const stored = personal ? undefined : storedFor(server, environment);
  return {
    name: server.name,
    prefix: server.prefix ?? false,
    local: server.kind === 'stdio',
    idle: server.kind === 'stdio' ? server.childIdle : undefined,
    openTimeout: server.openTimeout,
    personal,
    memory: stored ? forgivingAnswers(stored, environment.log) : FORGETFUL,
    flushed: () => stored?.flushed() ?? Promise.resolve(),
    provisional: () => auth !== undefined && (auth.state.pending !== undefined || auth.state.waits()),
    open,
  };
}

/** With other headers, another account or other filters, the server may have other lists. */
function storedFor(server: Server, { credentials }: Environment): StoredAnswers | undefined {
  const digest = createHash('sha256')
    .update(`${FORMAT} ${identityOf(server)}`)
    .digest('hex')
    .slice(0, 32);
  return credentials && storedAnswers(credentials, () => `joined-${digest}`);
}

/** Equal for two configurations of the same server, and for them only. */
export function identityOf(server: Server): string {
  return JSON.stringify(server);
}
