/** The flags of HTTP mode: the address for clients, their access, and the headers to forward from them. */
import { type ForwardedHeader, LISTEN_DEFAULTS, type ListenConfig, type UpstreamSession } from '../../../config.ts';
import type { Env } from '../../../core/ports.ts';
import { isReservedHeader } from '../../../http/client.ts';
import { usageError } from '../usage-error.ts';
import { CLIENT_TOKEN_FORM, invalidValue, isBearerToken, milliseconds } from '../value-checks.ts';
import type { Flags } from '../words.ts';
import { calledFile, type ReadFile, readGivenFile } from './given-files.ts';
import { expandVariables } from './placeholders.ts';
import { readState } from './state.ts';
import { readServerTls } from './tls.ts';

/** Undefined without `--listen`. Throws a usage error when the flags do not fit together. */
export function readListen(flags: Flags, env: Env, readFile: ReadFile): ListenConfig | undefined {
  const address = flags.text('listen');
  if (address === undefined) {
    const other = [...flags.all.keys()].find(({ group, name }) => group === 'http' && !name.startsWith('state'));
    if (other === undefined) return undefined;
    throw usageError(`--${other.name} is given without --listen`, 'it belongs to HTTP mode: --listen localhost:8080');
  }
  const state = readState(flags, env, readFile);
  const upstreamSession = flags.text('upstream-session') as UpstreamSession | undefined;
  const [idle, sessions, mebibytes] = ['session-idle', 'max-sessions', 'max-body'].map((flag) => flags.text(flag));
  const [children, childIdle] = [flags.text('max-children'), flags.text('child-idle')];
  return {
    ...place(address),
    upstreamSession: upstreamSession ?? LISTEN_DEFAULTS.upstreamSession,
    clientToken: clientToken(flags.text('client-token'), env, readFile),
    sessionIdle: idle === undefined ? LISTEN_DEFAULTS.sessionIdle : milliseconds(idle),
    maxSessions: sessions === undefined ? LISTEN_DEFAULTS.maxSessions : Number(sessions),
    maxChildren: children === undefined ? LISTEN_DEFAULTS.maxChildren : Number(children),
    childIdle: childIdle === undefined ? LISTEN_DEFAULTS.childIdle : milliseconds(childIdle),
    maxBody: mebibytes === undefined ? LISTEN_DEFAULTS.maxBody : Number(mebibytes) * 1_048_576,
    allowedHosts: flags.texts('allowed-host').map((host) => host.toLowerCase()),
    allowedOrigins: flags.texts('allowed-origin'),
    tls: readServerTls(flags, readFile),
    ...(state && { state }),
  };
}

/** The headers to forward from clients. Throws a usage error when they do not fit together or exclude other flags. */
export function readForwardHeaders(flags: Flags): readonly ForwardedHeader[] {
  const forwardHeaders = flags.texts('forward-header').map(forwardedHeader);
  const targets = new Set(forwardHeaders.map(({ to }) => to));
  if (targets.size < forwardHeaders.length) {
    throw usageError('two --forward-header end in the same header', 'give each an UPSTREAM-NAME of its own');
  }
  if (forwardHeaders.length > 0 && flags.text('upstream-session') === 'shared') {
    throw usageError(
      '--forward-header and --upstream-session shared cannot be used together',
      'a shared session cannot send the header of a single client; leave out one of the two flags',
    );
  }
  if (targets.has('authorization')) checkCredentials(flags);
  return forwardHeaders;
}

/** Either clients bring credentials of their own, or the proxy has some: both at once is a mistake. */
function checkCredentials(flags: Flags): void {
  const fixed = flags.texts('header').some((header) => /^\s*authorization\s*:/i.test(header));
  const other = fixed ? 'header Authorization' : ['device-code', 'client-credentials'].find((flag) => flags.has(flag));
  if (other === undefined) return;
  throw usageError(
    `--forward-header ...=Authorization and --${other} cannot be used together`,
    'either each client sends its own credentials to the server, or the proxy sends its own for all of them',
  );
}

function place(address: string): Pick<ListenConfig, 'host' | 'port'> {
  const colon = address.lastIndexOf(':');
  const host = address.slice(0, colon).replace(/^\[|\]$/g, '');
  return { host: host === '' ? undefined : host, port: Number(address.slice(colon + 1)) };
}

function clientToken(given: string | undefined, env: Env, readFile: ReadFile): string | undefined {
  if (given === undefined) return undefined;
  const expanded = expandVariables(given, env, '--client-token');
  if (!/^@./.test(given)) {
    if (isBearerToken(expanded)) return expanded;
    throw usageError(invalidValue('client-token', expanded, { isHarmless: false }), CLIENT_TOKEN_FORM);
  }
  const file = expanded.slice(1);
  const token = readGivenFile(file, 'client-token', readFile).trim();
  if (isBearerToken(token)) return token;
  throw usageError(
    `--client-token: ${calledFile(file)} contains no token`,
    'expected one word of letters, digits and -._~+/ (RFC 6750, section 2.1); openssl rand -hex 32 makes one',
  );
}

/** Headers that belong to one connection (RFC 9110, section 7.6.1), or say how to decode its bytes. */
const CONNECTION =
  /^(?:keep-alive|proxy-connection|proxy-authorization|te|trailer|upgrade|expect|accept-encoding|content-encoding)$/;

function forwardedHeader(text: string): ForwardedHeader {
  const [from = '', to = from] = text.toLowerCase().split('=');
  if (isReservedHeader(to) || CONNECTION.test(to)) {
    throw usageError(
      `--forward-header: the header ${to} belongs to the protocol`,
      'the proxy sends one of its own; another UPSTREAM-NAME is possible: NAME=UPSTREAM-NAME',
    );
  }
  if (from === 'authorization') {
    throw usageError(
      '--forward-header: Authorization is where clients send the client token',
      'let them send another header: --forward-header X-Upstream-Authorization=Authorization',
    );
  }
  if (/^(?:mcp-.*|last-event-id)$/.test(from)) {
    throw usageError(
      `--forward-header: the header ${from} belongs to the protocol, between the client and this proxy`,
      'the proxy sends the server one of its own',
    );
  }
  return { from, to };
}
