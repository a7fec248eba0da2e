// Everything a server can do, defined once and without any SDK: the SDK servers in this folder only pass it on. So a
// difference between two of them comes from the SDK, and a difference seen through the proxy comes from the proxy.
import { PAGE_SIZE, PROMPTS, RESOURCE_TEMPLATES, RESOURCES, SERVER_INFO, VENDOR_METHOD } from './catalogue.ts';
import { TOOLS } from './tools.ts';

export { SERVER_INFO, VENDOR_METHOD };

export type Params = Record<string, unknown>;
export type Result = Record<string, unknown>;

/** What a tool or a prompt can do while it runs: one request, seen from the server. */
export interface Call {
  readonly signal: AbortSignal;
  readonly progressToken: string | number | undefined;
  /** Capabilities of the client, as far as this server knows them. */
  readonly clientCapabilities: Record<string, unknown>;
  /** A notification on the stream of this request. */
  notify(method: string, params: Params): Promise<void>;
  /** A log message on the stream of this request, if the client's level allows it. */
  log(level: string, data: unknown): Promise<void>;
  /**
   * Asks the client. In revisions that know requests of the server, this is one; in 2026-07-28, the first round ends
   * with `InputNeeded`, and the next one has the answer.
   */
  ask(key: string, method: string, params: Params): Promise<Result>;
  /** 2026-07-28: ends a first round with this state, and returns in the next one what the client sent back. */
  roundTrip(state: string): Promise<string | undefined>;
  readonly server: ServerSide;
}

/** What a tool can do to the connection around it. */
export interface ServerSide {
  announce(what: 'tools' | 'prompts' | 'resources'): Promise<void>;
  /** Announces an update of a resource to all who have subscribed to it. */
  updated(uri: string): Promise<void>;
  /** Resolves once the client has a stream for what belongs to no answer; at once for a client without one. */
  streaming(): Promise<void>;
  /** Resolves once the client has said that its roots changed; at once if the server cannot be told. */
  rootsChanged(): Promise<void>;
}

/** Thrown by `ask` and `roundTrip` when the client must be asked first; carriers turn it into an answer. */
export class InputNeeded extends Error {
  readonly requests: Record<string, { method: string; params: Params }>;
  readonly state: string | undefined;
  constructor(requests: InputNeeded['requests'], state?: string) {
    super('the client must be asked first');
    this.requests = requests;
    this.state = state;
  }
}

/** An error with a JSON-RPC code of its own; carriers throw their SDK's class. */
export class FeatureError extends Error {
  readonly code: number;
  readonly data: unknown;
  constructor(code: number, message: string, data?: unknown) {
    super(message);
    this.code = code;
    this.data = data;
  }
}

export const CAPABILITIES = {
  tools: { listChanged: true },
  prompts: { listChanged: true },
  resources: { subscribe: true, listChanged: true },
  logging: {},
  completions: {},
  experimental: { 'acme/extra': { depth: 3, label: 'ünïcödé' } },
} as const;

export const INSTRUCTIONS = 'Ask for what you need.\n\tTabs, "quotes", \\ and emoji 🎛 must survive.';

/** The methods below, for carriers that register them one by one. */
export const METHODS = [
  'tools/list',
  'tools/call',
  'resources/list',
  'resources/templates/list',
  'resources/read',
  'prompts/list',
  'prompts/get',
  'completion/complete',
] as const;

export async function answer(method: (typeof METHODS)[number], params: Params, call: Call): Promise<Result> {
  switch (method) {
    case 'tools/list':
      return page(
        'tools',
        TOOLS.map(({ run: _, ...described }) => described),
        params,
      );
    case 'tools/call': {
      const tool = TOOLS.find(({ name }) => name === params.name);
      if (!tool) throw new FeatureError(-32602, `Unknown tool: ${String(params.name)}`);
      return tool.run((params.arguments ?? {}) as Params, call);
    }
    case 'resources/list':
      return page(
        'resources',
        RESOURCES.map(({ contents: _, ...described }) => described),
        params,
      );
    case 'resources/templates/list':
      return page('resourceTemplates', RESOURCE_TEMPLATES, params);
    case 'resources/read':
      return { contents: [read(String(params.uri))] };
    case 'prompts/list':
      return page(
        'prompts',
        PROMPTS.map(({ messages: _, ...described }) => described),
        params,
      );
    case 'prompts/get': {
      const prompt = PROMPTS.find(({ name }) => name === params.name);
      if (!prompt) throw new FeatureError(-32602, `Unknown prompt: ${String(params.name)}`);
      const given = (params.arguments ?? {}) as Record<string, string>;
      return { description: prompt.description, messages: prompt.messages(given) };
    }
    case 'completion/complete':
      return complete(params);
  }
}

/** The vendor's own request: returns what came, with a member that no SDK knows. */
export function vendor(params: Params): Result {
  return { heard: params, 'acme/unknown': [null, { nested: true }] };
}

const CURSOR = (kind: string, start: number): string => `${kind} from ${start} → "next"/+=`;

function page(kind: string, all: readonly unknown[], params: Params): Result {
  const cursor = params.cursor;
  const starts = all.map((_, index) => index).filter((index) => index % PAGE_SIZE === 0);
  const start = cursor === undefined ? 0 : starts.find((index) => CURSOR(kind, index) === cursor);
  if (start === undefined) throw new FeatureError(-32602, `Unknown cursor: ${String(cursor)}`, { cursor });
  const end = start + PAGE_SIZE;
  return { [kind]: all.slice(start, end), ...(end < all.length ? { nextCursor: CURSOR(kind, end) } : {}) };
}

function read(uri: string): Result {
  const fixed = RESOURCES.find((resource) => resource.uri === uri);
  if (fixed) return { uri, mimeType: fixed.mimeType, ...fixed.contents };
  const made = /^acme:\/\/notes\/([^/]+)$/.exec(uri);
  if (made) return { uri, mimeType: 'text/plain', text: `note ${decodeURIComponent(made[1] ?? '')}` };
  throw new FeatureError(-32602, `Resource not found: ${uri}`, { uri });
}

function complete(params: Params): Result {
  const { value } = params.argument as { name: string; value: string };
  const { arguments: known = {} } = (params.context ?? {}) as { arguments?: Record<string, string> };
  const ref = params.ref as { type: string };
  const values = ['paris', 'park', 'party', 'pasta'].filter((word) => word.startsWith(value));
  return { completion: { values: [...values, `${ref.type} ${JSON.stringify(known)}`], total: 99, hasMore: true } };
}
