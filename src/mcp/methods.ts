/**
 * The methods of every revision, as data (the schemas of the specification, 2024-11-05 to
 * 2026-07-28, and the tasks extension of 2026-07-28). Other methods may come too: every lookup
 * has an answer for them.
 */
import type { Call } from '../core/jsonrpc.ts';
import { refuseOtherCalls } from '../core/lookalikes.ts';

/** Whether a connection opens with `initialize`, or each request describes itself (see `revisions.ts`). */
type MethodEra = 'legacy' | 'modern';

export interface Method {
  /** The only era that has it; left out: both. */
  readonly era?: MethodEra;
  /** Which side sends it; left out: the client. In the modern era, the server puts its requests into results. */
  readonly from?: 'server' | 'both';
  /** Opens a connection rather than using one. */
  readonly opens?: true;
  /** Running it twice changes no more than running it once. */
  readonly repeatable?: true;
  /** Its result says how long it may be cached (specification 2026-07-28, "Caching"). */
  readonly cacheable?: true;
  /** The server may ask the client for something while it works on this method. */
  readonly asks?: true;
  /** The member of its result that holds the list. */
  readonly list?: string;
  /** The notification that says that its list has changed. */
  readonly changed?: string;
  /** The member of `params` that the header `Mcp-Name` mirrors; `Mcp-Method` mirrors every method. */
  readonly named?: string;
  /** For a list change: the capability of the server whose `listChanged` announces it. */
  readonly announcedBy?: string;
  /** For a list change: the member of the filter of `subscriptions/listen` that asks for it. */
  readonly filter?: string;
  /** For a question of the server: the capability of the client that allows it. */
  readonly allowedBy?: string;
}

const TOOLS_CHANGED = 'notifications/tools/list_changed';
const PROMPTS_CHANGED = 'notifications/prompts/list_changed';
const RESOURCES_CHANGED = 'notifications/resources/list_changed';

/** What the revisions say about each method. */
export const METHODS: ReadonlyMap<string, Method> = new Map(
  Object.entries<Method>({
    // Requests of the client.
    initialize: { era: 'legacy', opens: true, repeatable: true },
    'server/discover': { era: 'modern', opens: true, repeatable: true, cacheable: true },
    ping: { era: 'legacy', from: 'both', repeatable: true },
    'tools/list': { list: 'tools', changed: TOOLS_CHANGED, repeatable: true, cacheable: true },
    'tools/call': { named: 'name', asks: true },
    'prompts/list': { list: 'prompts', changed: PROMPTS_CHANGED, repeatable: true, cacheable: true },
    'prompts/get': { named: 'name', asks: true, repeatable: true },
    'resources/list': { list: 'resources', changed: RESOURCES_CHANGED, repeatable: true, cacheable: true },
    'resources/templates/list': {
      list: 'resourceTemplates',
      changed: RESOURCES_CHANGED,
      repeatable: true,
      cacheable: true,
    },
    'resources/read': { named: 'uri', asks: true, repeatable: true, cacheable: true },
    'resources/subscribe': { era: 'legacy', repeatable: true },
    'resources/unsubscribe': { era: 'legacy', repeatable: true },
    'subscriptions/listen': { era: 'modern', repeatable: true },
    'completion/complete': { repeatable: true },
    'logging/setLevel': { era: 'legacy', repeatable: true },
    // In 2025-11-25 each side may ask the other about its tasks.
    'tasks/list': { era: 'legacy', from: 'both' },
    'tasks/result': { era: 'legacy', from: 'both' },
    'tasks/get': { from: 'both', named: 'taskId' },
    'tasks/update': { era: 'modern', named: 'taskId' },
    'tasks/cancel': { from: 'both', named: 'taskId' },
    // Requests of the server.
    'sampling/createMessage': { from: 'server', allowedBy: 'sampling' },
    'elicitation/create': { from: 'server', allowedBy: 'elicitation' },
    'roots/list': { from: 'server', allowedBy: 'roots' },
    // Notifications.
    'notifications/initialized': { era: 'legacy' },
    'notifications/roots/list_changed': { era: 'legacy' },
    'notifications/cancelled': { from: 'both' },
    'notifications/progress': { from: 'both' },
    'notifications/tasks/status': { era: 'legacy', from: 'both' },
    'notifications/message': { from: 'server' },
    [TOOLS_CHANGED]: { from: 'server', announcedBy: 'tools', filter: 'toolsListChanged' },
    [PROMPTS_CHANGED]: { from: 'server', announcedBy: 'prompts', filter: 'promptsListChanged' },
    [RESOURCES_CHANGED]: { from: 'server', announcedBy: 'resources', filter: 'resourcesListChanged' },
    'notifications/resources/updated': { from: 'server' },
    'notifications/elicitation/complete': { era: 'legacy', from: 'server' },
    'notifications/subscriptions/acknowledged': { era: 'modern', from: 'server' },
  }),
);

/** Whether a method is a notification, including methods that the table does not know. */
export function isNotification(method: string): boolean {
  return method.startsWith('notifications/');
}

/**
 * Whether every server treats a message without an id as a notification. A lenient server runs a
 * request even when it cannot answer it.
 */
export function isOnlyTold(call: Call): boolean {
  try {
    refuseOtherCalls(call);
  } catch {
    return false;
  }
  return isNotification(call.method);
}

/** Whether a request stays open until one side closes it: no client waits for its answer. */
export function isSubscription({ method }: Call): boolean {
  return method === 'subscriptions/listen';
}

/** Whether a method is about a task (2025-11-25 and the extension of 2026-07-28). */
export function isAboutTask(method: string): boolean {
  return method.startsWith('tasks/');
}

/** Whether clients send this method, as a request or as a notification. */
function isOfClient(method: string): boolean {
  const known = METHODS.get(method);
  return known !== undefined && known.from !== 'server';
}

/** Whether the method is a request of clients in any revision. */
export function isClientRequest(method: string): boolean {
  return isOfClient(method) && !isNotification(method);
}

/** Whether the method is a notification of clients in any revision. */
export function isClientNotification(method: string): boolean {
  return isOfClient(method) && isNotification(method);
}

/** Whether the method is a request of clients that the modern era does not have. */
export function isLegacyRequest(method: string): boolean {
  return isClientRequest(method) && METHODS.get(method)?.era === 'legacy';
}

/** Whether a call opens a connection rather than using one. */
export function isHandshake({ method }: Call): boolean {
  return METHODS.get(method)?.opens === true;
}

/** Whether a request may be sent again when it is unknown whether it ran. */
export function isRepeatable({ method }: Call): boolean {
  return METHODS.get(method)?.repeatable === true;
}

/** Whether the results of a method say how long they may be cached. */
export function isCacheable(method: string): boolean {
  return METHODS.get(method)?.cacheable === true;
}

/**
 * Whether the server may ask the client for something while it works on a request: with a request of its own
 * (2025-11-25), or in the result (2026-07-28, "Multi Round-Trip Requests").
 */
export function mayAskDuring(method: string): boolean {
  return METHODS.get(method)?.asks === true;
}

/** The member of a method's result that holds the list; undefined when the method does not return a list. */
export function listMember(method: string): string | undefined {
  return METHODS.get(method)?.list;
}

/** The member of `params` that names the subject of a method's requests; undefined when no member does. */
export function nameSource(method: string): string | undefined {
  return METHODS.get(method)?.named;
}

/** A notification that a list of the server has changed. */
export interface ListChange {
  readonly method: string;
  /** The capability of the server whose `listChanged` announces it. */
  readonly capability: string;
  /** The member of the filter of `subscriptions/listen` that asks for it. */
  readonly filter: string;
}

export const LIST_CHANGES: readonly ListChange[] = [...METHODS].flatMap(([method, { announcedBy, filter }]) =>
  announcedBy && filter ? { method, capability: announcedBy, filter } : [],
);

/** Whether a notification says that a list of the server has changed. */
export function isListChange(method: string): boolean {
  return METHODS.get(method)?.announcedBy !== undefined;
}

/** The capabilities of a client that allow the server to ask it for something. */
export const ASKING_CAPABILITIES: readonly string[] = [...METHODS.values()].flatMap(({ allowedBy }) => allowedBy ?? []);
