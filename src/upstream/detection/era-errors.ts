/** Errors that say that client and server have no revision in common. */

import { peek } from '../../core/json.ts';
import type { Reply } from '../../core/jsonrpc.ts';
import { printable } from '../../core/redact.ts';
import { LegacyOnly, ModernOnly } from '../../errors.ts';
import { isModernRevision, LEGACY_REVISIONS, MODERN_REVISIONS } from '../../mcp/revisions.ts';
import type { Outcome } from '../outcome.ts';
import { namedRevisions } from './verdict.ts';

/** Why the server is taken for a modern one. */
export interface ModernEvidence {
  /** Of the client's `initialize`. */
  readonly outcome?: Outcome;
  /** The answer to a `server/discover` on behalf of the client. */
  readonly discovered?: Reply | undefined;
  /** Nothing but a memory of the server. */
  readonly remembered?: true;
}

/**
 * The client opened with `initialize`, which the server does not support.
 * @param where the server, in a form that is safe to show
 */
export function modernOnly(where: string, { outcome, discovered, remembered }: ModernEvidence): ModernOnly {
  const supported = shownRevisions(outcome) ?? MODERN_REVISIONS;
  const speaks = `${where} speaks only MCP ${supported.join(', ')}`;
  const isKnown = supported.some(isModernRevision);
  return new ModernOnly(
    isKnown
      ? `${speaks}; this client opened with initialize, which only 2025-11-25 and older have`
      : `${speaks}, which this version of mcp-proxy does not know`,
    {
      supported,
      hint: isKnown ? `update the client, or use one that speaks MCP ${supported.join(' or ')}` : 'update mcp-proxy',
    },
    {
      ...(discovered && 'result' in discovered && { discovered: discovered.result }),
      ...(remembered && { remembered }),
    },
  );
}

/**
 * The client opened with a request of 2026-07-28, and the server speaks older revisions only.
 * @param where the server, in a form that is safe to show
 * @param answer what it has answered nevertheless, if the request must not run again
 */
export function legacyOnly(where: string, outcome?: Outcome, answer?: Reply): LegacyOnly {
  const supported = shownRevisions(outcome) ?? LEGACY_REVISIONS;
  return new LegacyOnly(
    `${where} does not speak MCP ${MODERN_REVISIONS[0]}${unnamed(outcome)}; it must be opened with initialize`,
    {
      ...(outcome?.kind === 'refused' && outcome.error.data),
      supported,
      hint: `use a client that also speaks one of these revisions: ${supported.join(', ')}`,
    },
    answer,
  );
}

/** The revisions that a server names, in a form that is safe to show. */
function shownRevisions(outcome: Outcome | undefined): string[] | undefined {
  return namedRevisions(outcome?.reply)
    ?.slice(0, 10)
    .map((name) => printable(name, 20));
}

/** Shows what a discover result contains instead of the server's revisions. */
function unnamed(outcome: Outcome | undefined): string {
  const reply = outcome?.reply;
  if (!reply || 'error' in reply || namedRevisions(reply)) return '';
  const found = peek(reply.result, 'supportedVersions')?.toString('utf8', 0, 200);
  return ` (the supportedVersions of its server/discover result: ${found === undefined ? 'none' : printable(found, 80)})`;
}
