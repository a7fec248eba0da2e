/** The answer to `initialize` for a server that has none, from its answer to `server/discover`. */
import { encode, type Json, peekObject, peekText, withMember, withoutMembers } from '../../core/json.ts';
import { SERVER_INFO } from '../envelope.ts';
import { withoutTasks } from './capabilities.ts';
import { legacyResult, readResult } from './legacy-result.ts';
import { hasTasks, knowsTasks, withLegacyTasks } from './task-support.ts';

/**
 * @param protocolVersion that the client gets.
 * @param host of the server, as the name of one that does not give its own.
 */
export function initializeResultOf(discovered: Json, protocolVersion: string, host: string): Json {
  const own = readResult(discovered);
  // A strict client accepts no instructions that are not a text.
  const unusable = peekText(discovered, 'instructions') === undefined ? ['instructions'] : [];
  const kept = withoutMembers(legacyResult('server/discover', own), ['supportedVersions', ...unusable]);
  const versioned = withMember(kept, 'protocolVersion', encode(protocolVersion));
  const offered = peekObject(discovered, 'capabilities') ?? encode({});
  const common = withoutMembers(withoutTasks(offered), ['tasks']);
  const capabilities = hasTasks(offered) && knowsTasks(protocolVersion) ? withLegacyTasks(common) : common;
  const told = withMember(versioned, 'capabilities', capabilities);
  return withMember(told, 'serverInfo', serverInfoOf(discovered) ?? encode({ name: host, version: 'unknown' }));
}

/** Older revisions require it, with a name and a version. */
function serverInfoOf(discovered: Json): Json | undefined {
  const info = peekObject(discovered, '_meta', SERVER_INFO);
  return peekText(info, 'name') !== undefined && peekText(info, 'version') !== undefined ? info : undefined;
}
