// One connected client of either SDK, direct or through the proxy, behind one interface: the behaviour suite drives it.

import { rmSync } from 'node:fs';
import {
  Client as ClientV2,
  StreamableHTTPClientTransport as HttpV2,
  SSEClientTransport as SseV2,
} from '@modelcontextprotocol/client';
import { StdioClientTransport as StdioV2 } from '@modelcontextprotocol/client/stdio';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { SSEClientTransport as SseV1 } from '@modelcontextprotocol/sdk/client/sse.js';
import { StdioClientTransport as StdioV1 } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport as HttpV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { Transport as TransportV1 } from '@modelcontextprotocol/sdk/shared/transport.js';
import {
  CreateMessageRequestSchema,
  ElicitRequestSchema,
  ListRootsRequestSchema,
} from '@modelcontextprotocol/sdk/types.js';
import { z } from 'zod';
import { PROGRAM, privateHome, proxyEnvironment } from '../../peers/proxy.ts';
import { type AnyTransport, Wire } from './wire.ts';

export const CLIENTS = ['SDK v1', 'SDK v2 legacy', 'SDK v2 modern'] as const;
export type ClientKind = (typeof CLIENTS)[number];
export type Via = 'http' | 'sse' | 'proxy' | 'stdio';
/** A URL, or the command of a local server. Empty when the flags say all. */
export type Target = string | readonly string[];

export interface CallOptions {
  signal?: AbortSignal;
  /** Asks for progress notifications; what they say is on the wire. */
  progress?: boolean;
  /** Members of `_meta`. */
  meta?: Record<string, unknown>;
}

export interface Subject {
  readonly kind: ClientKind;
  readonly modern: boolean;
  readonly wire: Wire;
  /** What the client knows of the server once it is connected. */
  readonly opening: unknown;
  /** Roots the client answers with. */
  roots: { uri: string; name: string }[];
  request(method: string, params?: Record<string, unknown>, options?: CallOptions): Promise<unknown>;
  tool(name: string, args?: Record<string, unknown>, options?: CallOptions): Promise<unknown>;
  notify(method: string, params?: Record<string, unknown>): Promise<void>;
  /** 2026-07-28 only. */
  listen(filter: Record<string, unknown>): Promise<{ honored: unknown; close(): Promise<void> }>;
  /** stderr of the proxy, if there is one. */
  stderr(): string;
  close(): Promise<void>;
}

const INFO = { name: 'matrix-client', title: 'Matrix Client', version: '1.2.3' };
const CAPABILITIES = { roots: { listChanged: true }, sampling: {}, elicitation: { form: {}, url: {} } };
const REQUEST_MS = 20_000;
// After a cancelled call the SDKs come back for what they missed, a second later; server-everything then sends
// everything again that it has said since, in the middle of whatever is going on by then.
const NO_RECONNECTION = {
  reconnectionOptions: {
    initialReconnectionDelay: 1_000,
    maxReconnectionDelay: 1_000,
    reconnectionDelayGrowFactor: 1,
    maxRetries: 0,
  },
};
const AnyResult = z.looseObject({});

// With a subclass, SDK v2 sends its probe to this very process instead of to a second one that it throws away.
class InPlaceStdio extends StdioV2 {}

/** @param env added to the environment of a program that is started */
export async function connect(
  kind: ClientKind,
  via: Via,
  target: Target,
  flags: string[] = [],
  env: Record<string, string> = {},
): Promise<Subject> {
  const home = privateHome();
  const wire = new Wire();
  let stderr = '';
  const [program = '', ...args] = via === 'proxy' ? PROGRAM : target;
  const url = typeof target === 'string' ? target : '';
  const behind = typeof target === 'string' ? [...(target ? [target] : []), ...flags] : [...flags, '--', ...target];
  const stdio = {
    command: program,
    args: via === 'proxy' ? [...args, ...behind] : args,
    env: { ...proxyEnvironment(home), ...env },
    stderr: 'pipe' as const,
  };
  const transport =
    via === 'proxy' || via === 'stdio'
      ? new (kind === 'SDK v1' ? StdioV1 : InPlaceStdio)(stdio)
      : kind === 'SDK v1'
        ? new (via === 'sse' ? SseV1 : HttpV1)(new URL(url), NO_RECONNECTION)
        : new (via === 'sse' ? SseV2 : HttpV2)(new URL(url), NO_RECONNECTION);
  if ('stderr' in transport) {
    transport.stderr?.on('data', (chunk: Buffer) => {
      stderr += chunk.toString('utf8');
    });
  }
  wire.watch(transport as AnyTransport);
  const roots = [{ uri: 'file:///srv/eins', name: 'eins' }];
  const answers = { roots };
  const close = async (end: () => Promise<unknown>): Promise<void> => {
    // Ends the session at the server, as a direct client should; behind the proxy, the proxy does that.
    if (transport instanceof HttpV1 || transport instanceof HttpV2) await transport.terminateSession();
    await end();
    rmSync(home, { recursive: true, force: true });
  };
  const face = { kind, modern: kind === 'SDK v2 modern', wire, stderr: () => stderr };
  try {
    if (kind === 'SDK v1') return await connectV1(transport as TransportV1, face, answers, close);
    return await connectV2(transport as Parameters<ClientV2['connect']>[0], face, answers, close);
  } catch (error) {
    await transport.close();
    rmSync(home, { recursive: true, force: true });
    throw Object.assign(error as Error, { stderr });
  }
}

type Face = Pick<Subject, 'kind' | 'modern' | 'wire' | 'stderr'>;
interface Answers {
  roots: Subject['roots'];
}

async function connectV1(
  transport: TransportV1,
  face: Face,
  answers: Answers,
  close: (end: () => Promise<unknown>) => Promise<void>,
): Promise<Subject> {
  const client = new ClientV1(INFO, { capabilities: CAPABILITIES });
  client.setRequestHandler(ListRootsRequestSchema, () => ({ roots: answers.roots }));
  client.setRequestHandler(ElicitRequestSchema, ({ params }) => elicited(params));
  client.setRequestHandler(CreateMessageRequestSchema, ({ params }) => sampled(params));
  // Notifications without a handler are dropped by the SDK; here they must only not be errors.
  client.fallbackNotificationHandler = async () => {};
  await client.connect(transport, { timeout: REQUEST_MS });
  const request: Subject['request'] = (method, params, options) =>
    client.request({ method, ...withMeta(params, options) }, AnyResult, requestOptions(options));
  return {
    ...face,
    opening: {
      capabilities: client.getServerCapabilities(),
      serverInfo: client.getServerVersion(),
      instructions: client.getInstructions(),
    },
    get roots() {
      return answers.roots;
    },
    set roots(roots) {
      answers.roots = roots;
    },
    request,
    tool: (name, args = {}, options) =>
      client.callTool({ name, arguments: args, ...metaOf(options) }, undefined, requestOptions(options)),
    notify: (method, params) => client.notification({ method, ...(params ? { params } : {}) }),
    listen: async () => {
      throw new Error('SDK v1 has no subscriptions/listen');
    },
    close: () => close(() => client.close()),
  };
}

async function connectV2(
  transport: Parameters<ClientV2['connect']>[0],
  face: Face,
  answers: Answers,
  close: (end: () => Promise<unknown>) => Promise<void>,
): Promise<Subject> {
  const negotiation = face.modern ? { versionNegotiation: { mode: { pin: '2026-07-28' } } } : {};
  const client = new ClientV2(INFO, { capabilities: CAPABILITIES, ...negotiation });
  client.setRequestHandler('roots/list', () => ({ roots: answers.roots }));
  client.setRequestHandler('elicitation/create', ({ params }) => elicited(params));
  client.setRequestHandler('sampling/createMessage', ({ params }) => sampled(params));
  client.fallbackNotificationHandler = async () => {};
  await client.connect(transport, { timeout: REQUEST_MS });
  return {
    ...face,
    opening: {
      capabilities: client.getServerCapabilities(),
      serverInfo: client.getServerVersion(),
      instructions: client.getInstructions(),
      version: client.getNegotiatedProtocolVersion(),
      era: client.getProtocolEra(),
    },
    get roots() {
      return answers.roots;
    },
    set roots(roots) {
      answers.roots = roots;
    },
    request: (method, params, options) =>
      /^(acme|nonsense|tasks)\//.test(method)
        ? client.request({ method, ...withMeta(params, options) }, AnyResult, requestOptions(options))
        : client.request({ method: method as 'tools/list', ...withMeta(params, options) }, requestOptions(options)),
    tool: (name, args = {}, options) =>
      client.callTool({ name, arguments: args, ...metaOf(options) }, requestOptions(options)),
    notify: (method, params) => client.notification({ method, ...(params ? { params } : {}) }),
    async listen(filter) {
      const subscription = await client.listen(filter);
      return { honored: subscription.honoredFilter, close: () => subscription.close() };
    },
    close: () => close(() => client.close()),
  };
}

const metaOf = (options?: CallOptions): { _meta?: Record<string, unknown> } =>
  options?.meta ? { _meta: options.meta } : {};

const withMeta = (params?: Record<string, unknown>, options?: CallOptions): { params?: Record<string, unknown> } =>
  params || options?.meta ? { params: { ...params, ...metaOf(options) } } : {};

const requestOptions = (options?: CallOptions) => ({
  timeout: REQUEST_MS,
  ...(options?.signal ? { signal: options.signal } : {}),
  ...(options?.progress ? { onprogress: () => {} } : {}),
});

/** The user does what the question begins with: "accept", "decline" or "cancel". */
function elicited({ message, mode }: { message: string; mode?: string | undefined }): {
  action: 'accept' | 'decline' | 'cancel';
  content?: Record<string, string | number>;
} {
  if (message.startsWith('decline')) return { action: 'decline' };
  if (message.startsWith('cancel')) return { action: 'cancel' };
  if (mode === 'url') return { action: 'accept' };
  return { action: 'accept', content: { name: 'Zoë "Z" \u{1F600}', age: 41 } };
}

function sampled(params: unknown) {
  const text = `sampled ${JSON.stringify(params)}`;
  return {
    role: 'assistant' as const,
    model: 'matrix-model',
    stopReason: 'endTurn',
    content: { type: 'text' as const, text },
  };
}
