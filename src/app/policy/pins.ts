/** The pinned tools of a server. */
import type { HttpServer, Server, StdioServer } from '../../config.ts';
import type { PinStore } from '../../core/ports/pins.ts';
import type { Locks } from '../../core/ports.ts';
import { showUrl } from '../../core/redact.ts';
import { filePins } from '../../state/files/pins.ts';
import { localLocks } from '../../state/locks.ts';
import { memoryPins } from '../../state/memory/pins.ts';
import type { SharedState } from '../../state/redis/shared-state.ts';

/** The part of a server that tells it from others. */
export type PinnedServer = Pick<HttpServer, 'kind' | 'url'> | Pick<StdioServer, 'kind' | 'command' | 'args'>;

export interface PinPlace {
  readonly folder?: string | undefined;
  readonly locks?: Locks;
  /** What several replicas share. */
  readonly shared?: SharedState | undefined;
}

/** Without a folder, the tools are pinned as long as this process lives. */
export function openPins(server: PinnedServer, { folder, locks = localLocks(folder), shared }: PinPlace): PinStore {
  const identity = server.kind === 'http' ? server.url.href : JSON.stringify([server.command, ...server.args]);
  if (shared) return shared.pins(identity);
  if (folder === undefined) return memoryPins();
  const label = server.kind === 'http' ? showUrl(server.url) : server.command;
  return filePins({ folder, locks, identity, label });
}

/** Where the tools of a running server are pinned, once a policy has opened it. Copies of the server share it. */
export interface OpenedPins {
  store?: PinStore;
}

/** A running server. */
interface Pinning {
  readonly server: Server;
  readonly environment: PinPlace;
  readonly pins: OpenedPins;
}

/** The pins of a running server, opened once. */
export function pinsOf({ server, environment, pins }: Pinning): PinStore {
  pins.store ??= openPins(server, environment);
  return pins.store;
}

/** The command that accepts changed tools. Without secrets, so that some users must complete it. */
export function acceptCommand(server: Server): string {
  if (server.kind === 'http') return `mcp-proxy accept ${showUrl(server.url)}`;
  return `mcp-proxy accept -- ${server.command} ...`;
}
