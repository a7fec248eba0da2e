/** What a client is told in the place of a server that waits for its user to sign in. */
import { LEGACY_REVISIONS, MODERN_REVISIONS } from '../core/eras.ts';
import { asString, encode, isObject, type Json, peek, withMember } from '../core/json.ts';
import type { Call } from '../core/jsonrpc.ts';
import type { PendingSignIn } from '../core/sign-in.ts';

/** The one tool of a server that nobody has signed in to. */
export const SIGN_IN_TOOL = 'sign_in';

export const LIST_CHANGES = [
  'notifications/tools/list_changed',
  'notifications/prompts/list_changed',
  'notifications/resources/list_changed',
] as const;

const CAPABILITIES = {
  tools: { listChanged: true },
  prompts: { listChanged: true },
  resources: { listChanged: true },
};

/** The answer to `initialize`: the one the server gave the last time, or what most servers can do. */
export function provisionalInitialize({ params }: Call, remembered: Json | undefined, version: string): Json {
  const wanted = asString(peek(params, 'protocolVersion'));
  const known = (LEGACY_REVISIONS as readonly (string | undefined)[]).includes(wanted);
  const protocolVersion = known ? wanted : LEGACY_REVISIONS[0];
  if (isObject(remembered)) return withMember(remembered, 'protocolVersion', encode(protocolVersion));
  return encode({ protocolVersion, capabilities: CAPABILITIES, serverInfo: { name: 'mcp-proxy', version } });
}

/** The answer to `server/discover`. */
export function provisionalDiscover(remembered: Json | undefined, version: string): Json {
  if (isObject(remembered)) return remembered;
  return encode({
    resultType: 'complete',
    supportedVersions: MODERN_REVISIONS,
    capabilities: CAPABILITIES,
    serverInfo: { name: 'mcp-proxy', version },
    ttlMs: 0,
    cacheScope: 'private',
  });
}

/** The member of the result that each list is in. */
const LISTS = new Map([
  ['tools/list', 'tools'],
  ['prompts/list', 'prompts'],
  ['resources/list', 'resources'],
  ['resources/templates/list', 'resourceTemplates'],
]);

export function isListRequest(method: string): boolean {
  return LISTS.has(method);
}

/** A list of nothing; of tools, the one that tells where to sign in. */
export function emptyList(method: string, modern: boolean): Json {
  const tool = {
    name: SIGN_IN_TOOL,
    title: 'Sign in',
    description: 'Shows where to sign in to this server. Its own tools appear as soon as that is done.',
    inputSchema: { type: 'object', properties: {} },
    annotations: { readOnlyHint: true },
  };
  const list = method === 'tools/list' ? [tool] : [];
  return encode({
    ...(modern && { resultType: 'complete', ttlMs: 0, cacheScope: 'private' }),
    [LISTS.get(method) as string]: list,
  });
}

/** The result of calling the tool. */
export function signInResult(pending: PendingSignIn | undefined, done: boolean): Json {
  const code = pending?.userCode === undefined ? '' : `, and enter the code ${pending.userCode}`;
  const text = done
    ? 'You are signed in. The tools of this server are listed now.'
    : pending?.url === undefined
      ? 'The page to sign in is not known yet. Try again in a moment.'
      : `Open this page to sign in${code}: ${pending.url}`;
  return encode({ content: [{ type: 'text', text }] });
}
