/** Answers for a client while the server waits for its user to sign in. */

import { encode, isObject, type Json, peek, peekObject, withMember } from '../../core/json.ts';
import type { Call } from '../../core/jsonrpc.ts';
import type { PendingSignIn } from '../../core/sign-in.ts';
import {
  discoverResult,
  type Introduction,
  initializeResult,
  ourselves,
  requestedRevision,
} from '../../mcp/handshake.ts';
import { LIST_CHANGES } from '../../mcp/methods.ts';
import { COMPLETE, UNCACHED } from '../../mcp/result.ts';
import { LEGACY_REVISIONS } from '../../mcp/revisions.ts';
import { asOnlyPage, newPage } from '../../mcp/tool-list.ts';
import { SIGN_IN_TOOL } from './sign-in-tool.ts';

/** The capabilities that most servers have. */
const CAPABILITIES = encode(
  Object.fromEntries(LIST_CHANGES.map(({ capability }) => [capability, { listChanged: true }])),
);

/**
 * The proxy's own answer to `initialize`, `server/discover` or a list.
 * @param remembered the answer that the server gave earlier, if any
 * @param modern whether a list is for a modern client
 */
export function provisionalAnswer(
  call: Call,
  remembered: Json | undefined,
  { version, modern }: { readonly version: string; readonly modern: boolean },
): Json {
  const { method } = call;
  if (method === 'initialize') return provisionalInitialize(call, remembered, version);
  if (method === 'server/discover') return provisionalDiscover(remembered, version);
  return isObject(remembered) ? rememberedList(remembered, modern) : emptyList(method, modern);
}

/** The answer to `initialize`: the server's previous one, or one with the capabilities of most servers. */
function provisionalInitialize(call: Call, remembered: Json | undefined, version: string): Json {
  const protocolVersion = requestedRevision(call) ?? LEGACY_REVISIONS[0];
  if (isObject(remembered)) {
    const capabilities = changing(peekObject(remembered, 'capabilities') ?? encode({}));
    const told = withMember(remembered, 'capabilities', capabilities);
    return withMember(told, 'protocolVersion', encode(protocolVersion));
  }
  return initializeResult(protocolVersion, provisional(version));
}

/** Capabilities of a server whose lists may change once the proxy can ask for them. */
function changing(capabilities: Json): Json {
  return LIST_CHANGES.reduce((told, { capability }) => {
    const own = peek(told, capability);
    return isObject(own) ? withMember(told, capability, withMember(own, 'listChanged', encode(true))) : told;
  }, capabilities);
}

/** The answer to `server/discover`. */
function provisionalDiscover(remembered: Json | undefined, version: string): Json {
  return isObject(remembered) ? remembered : discoverResult(provisional(version));
}

function provisional(version: string): Introduction {
  return { capabilities: CAPABILITIES, serverInfo: ourselves(version) };
}

/** Fields that modern clients expect in a list. This one may change at any moment. */
const MODERN_LIST = { ...COMPLETE, ...UNCACHED };

/** An empty list, or the list of tools with only the one that says where to sign in. */
function emptyList(method: string, modern: boolean): Json {
  const tool = {
    name: SIGN_IN_TOOL,
    title: 'Sign in',
    description: 'Shows where to sign in to this server. Its own tools appear as soon as that is done.',
    inputSchema: { type: 'object', properties: {} },
    annotations: { readOnlyHint: true },
  };
  const list = method === 'tools/list' ? [tool] : [];
  return newPage(method, list, modern ? MODERN_LIST : {});
}

/** The first page of a list that the server gave earlier, perhaps in another era. The client must ask for it again. */
function rememberedList(remembered: Json, modern: boolean): Json {
  const page = asOnlyPage(remembered);
  if (!modern) return page;
  return Object.entries(MODERN_LIST).reduce((list, [key, value]) => withMember(list, key, encode(value)), page);
}

/** The result of a call of the sign-in tool. */
export function signInResult(pending: PendingSignIn | undefined, done: boolean, modern: boolean): Json {
  const code = pending?.userCode === undefined ? '' : `, and enter the code ${pending.userCode}`;
  const text = done
    ? 'You are signed in. The tools of this server are listed now.'
    : pending?.url === undefined
      ? 'The page to sign in is not known yet. Try again in a moment.'
      : `Open this page to sign in${code}: ${pending.url}`;
  return encode({ ...(modern && COMPLETE), content: [{ type: 'text', text }] });
}
