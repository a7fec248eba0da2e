/** Changes names and URIs in entries of lists, in requests and in results, and leaves every other byte as it is. */
import {
  arrayOf,
  asString,
  elements,
  encode,
  isArray,
  isObject,
  type Json,
  JsonError,
  member,
  peek,
  peekObject,
  withMember,
} from '../../core/json.ts';
import type { Call } from '../../core/jsonrpc.ts';

/** From a URI of the server to the one that clients see; undefined for one that stays as it is. */
export type ShownUri = (uri: string) => string | undefined;

/** The call with another value in one member of its parameters. */
export function withParameter(call: Call, key: string, value: Json): Call {
  return { ...call, params: withMember(call.params ?? encode({}), key, value) };
}

/** The object with another text in one of its members. */
export function withText(value: Json, key: string, text: string): Json {
  return withMember(value, key, encode(text));
}

/** The links of a tool to its interface (MCP Apps): `_meta.ui.resourceUri`, and the older `_meta["ui/resourceUri"]`. */
export function withShownLinks(value: Json, shown: ShownUri): Json {
  const meta = peekObject(value, '_meta');
  if (!meta) return value;
  const ui = peekObject(meta, 'ui');
  const changed = withShownText(
    ui ? withMember(meta, 'ui', withShownText(ui, 'resourceUri', shown)) : meta,
    OLDER,
    shown,
  );
  return changed === meta ? value : withMember(value, '_meta', changed);
}

const OLDER = 'ui/resourceUri';

/** The object with the shown URI in a member that holds a URI. */
function withShownText(value: Json, key: string, shown: ShownUri): Json {
  const uri = asString(peek(value, key));
  const changed = uri === undefined ? undefined : shown(uri);
  return changed === undefined ? value : withText(value, key, changed);
}

/** The results of tools, prompts and resources with the URIs that clients see. A result that cannot be read stays. */
export function withShownUris(result: Json, shown: ShownUri): Json {
  try {
    if (!isObject(result)) return result;
    let changed = withShownLinks(result, shown);
    changed = withElements(changed, 'content', (block) => shownBlock(block, shown));
    changed = withElements(changed, 'contents', (content) => withShownText(content, 'uri', shown));
    return withElements(changed, 'messages', (message) => {
      const content = member(message, 'content');
      return isObject(content) ? withMember(message, 'content', shownBlock(content, shown)) : message;
    });
  } catch (error) {
    if (error instanceof JsonError) return result;
    throw error;
  }
}

/** A block of content: a link to a resource, or a resource itself. */
function shownBlock(block: Json, shown: ShownUri): Json {
  const resource = peekObject(block, 'resource');
  if (resource) return withMember(block, 'resource', withShownText(resource, 'uri', shown));
  return asString(peek(block, 'type')) === 'resource_link' ? withShownText(block, 'uri', shown) : block;
}

function withElements(value: Json, key: string, change: (element: Json) => Json): Json {
  const list = member(value, key);
  if (!isArray(list)) return value;
  const old = elements(list);
  const changed = old.map((element) => (isObject(element) ? change(element) : element));
  return changed.every((element, at) => element === old[at]) ? value : withMember(value, key, arrayOf(changed));
}
