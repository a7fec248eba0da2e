/**
 * What to write here for a flag of another program: mcp-remote, supergateway, and the two other programs called
 * mcp-proxy (of sparfenyuk and of punkpeye), or for a flag that people try. docs/migrating.md lists the same by program.
 */

import { OPTIONS } from '../options.ts';
import { checkPort } from '../value-checks.ts';

const LOCAL = 'the command of a local server goes after --: mcp-proxy -- COMMAND ARGUMENTS';
const VARIABLE = '--env NAME=VALUE, before the -- of the command';
const INHERITED = 'leave it out: a local server gets the environment of the proxy; --clean-env gives it less';
const NO_SHELL = 'leave it out: programs are started without a shell; one can be the command: mcp-proxy -- sh -c ...';
const BEARER = '-H "Authorization: Bearer ${TOKEN}", with TOKEN in the environment';
const CLIENT = `--client-credentials --static-oauth-client-info '{"client_id": "ID", "client_secret": "\${SECRET}"}'`;
const DISCOVERED = 'leave it out: the authorization server is discovered, with its token endpoint';
const PATIENT = 'leave it out: a server may take 45 seconds to open a connection, and then be silent for an hour';
const PORT = '--listen localhost:8080, or --listen :8080 for clients on other machines too';
const PATHS = 'leave it out: the paths are /mcp, /sse and /message';
const ORIGIN = '--allowed-origin https://app.example.com, once for each origin';
const SESSIONS = 'leave it out: clients have sessions where their revision of the protocol has them';
const REVISION = 'leave it out: client and server agree on a revision themselves';
const REPLAY = 'leave it out: a client that reconnects gets what it missed';
const SHUTDOWN = 'leave it out: calls in flight get five seconds';
const TUNNEL = 'start a tunnel in front of: --listen 127.0.0.1:8080 --client-token @FILE --allowed-host NAME';
const VERIFIED = 'certificates are always verified; to trust an authority of your own as well, add --ca FILE';
const SEVERAL = '--config FILE, with each server under "mcpServers" in the file';
const BOTH = 'leave it out: --listen localhost:8080 serves both /mcp and /sse';
const DEBUG = '--log-level debug';
const QUIET = '--quiet';
const REGISTERED = `--static-oauth-client-metadata '{"scope": "FIRST SECOND"}'`;
const RESOURCE = '--disable-resource-parameter';
const BASIC = '-H "Authorization: Basic ${BASIC}", with the base64 of USER:PASSWORD in BASIC';

/** By flag, or by flag and value if one value needs a hint of its own. Case and dashes do not matter. */
const HINTS: Readonly<Record<string, string>> = {
  // mcp-remote
  '--header-file': BEARER,
  '--auth-success-url': 'leave it out: the sign-in ends on a page of this program',
  '--debug': DEBUG,
  '--silent': QUIET,
  '--connect-timeout': PATIENT,
  '--headers-timeout': PATIENT,
  '--body-timeout': PATIENT,
  '--keep-alive': 'leave it out: the proxy opens a broken stream again',
  '--ping-interval': 'leave it out: the proxy opens a broken stream again',
  '--ipv4': 'set NODE_OPTIONS=--dns-result-order=ipv4first in the environment',
  '--protocol': REVISION,
  '--disable-cookies': 'leave it out: cookies go to the origin that set them, and end with the program',
  '--token-endpoint': DISCOVERED,
  // supergateway
  '--stdio': LOCAL,
  '--sse': 'the URL without a flag: mcp-proxy https://server.example/sse',
  '--streamableHttp': 'the URL without a flag: mcp-proxy https://server.example/mcp',
  '--outputTransport': '--listen localhost:8080 serves /mcp and /sse; without it, the client is on stdio',
  '--outputTransport stdio': 'leave it out: without --listen, the client is on stdio',
  '--outputTransport ws': 'there is no WebSocket transport; --listen localhost:8080 serves /mcp and /sse',
  '--port': PORT,
  '--baseUrl': 'leave it out: clients get a path, not an address; behind a gateway: --allowed-host NAME',
  '--ssePath': PATHS,
  '--messagePath': PATHS,
  '--streamableHttpPath': PATHS,
  '--logLevel': '--log-level debug, info, warn or error',
  '--logLevel debug': DEBUG,
  '--logLevel none': QUIET,
  '--cors': ORIGIN,
  '--healthEndpoint': 'leave it out: /healthz and /readyz are always served',
  '--oauth2Bearer': BEARER,
  '--stateful': SESSIONS,
  '--no-stateful': SESSIONS,
  '--sessionTimeout': '--session-idle SECONDS (not milliseconds)',
  '--protocolVersion': REVISION,
  // mcp-proxy of sparfenyuk
  '--headers': '--header "KEY: VALUE", one argument for each header',
  '--transport sse': 'leave it out, or --transport sse-only',
  '--transport streamablehttp': 'leave it out, or --transport http-only',
  '--client-id': CLIENT,
  '--client-secret': CLIENT,
  '--token-url': DISCOVERED,
  '--username': BASIC,
  '--password': BASIC,
  '--digest': 'digest authentication is not available; a header is: -H "Authorization: SCHEME ${CREDENTIALS}"',
  '--verify-ssl': VERIFIED,
  '--verify-ssl false': VERIFIED,
  '--no-verify-ssl': VERIFIED,
  '-e': VARIABLE,
  '--pass-environment': INHERITED,
  '--no-pass-environment': '--clean-env',
  '--log-level critical': '--log-level error',
  '--no-debug': 'leave it out, or --log-level info',
  '--named-server': SEVERAL,
  '--named-server-config': SEVERAL,
  '--stateless': SESSIONS,
  '--no-stateless': SESSIONS,
  '--sse-port': PORT,
  '--sse-host': PORT,
  '--allow-origin': ORIGIN,
  '--expose-header': 'leave it out: pages may read Mcp-Session-Id and whatever else the protocol needs',
  // mcp-proxy of punkpeye
  '--apiKey': '--client-token @FILE; clients send Authorization: Bearer TOKEN, not X-API-Key',
  '--connectionTimeout': PATIENT,
  '--requestTimeout': '--timeout SECONDS (not milliseconds)',
  '--corsAddAllowedHeader': '--forward-header NAME, which allows the header for pages and forwards it to the server',
  '--endpoint': PATHS,
  '--sseEndpoint': PATHS,
  '--streamEndpoint': PATHS,
  '--eventStore': REPLAY,
  '--no-eventStore': REPLAY,
  '--eventStoreMaxEvents': REPLAY,
  '--gracefulShutdownTimeout': SHUTDOWN,
  '--keepAliveTimeout': '--session-idle SECONDS closes sessions; idle connections need no flag',
  '--maxBodySize': '--max-body MIB (not bytes)',
  '--modern': REVISION,
  '--no-modern': REVISION,
  '--server sse': BOTH,
  '--server stream': BOTH,
  '--sessionIdleTimeout': '--session-idle SECONDS (not milliseconds)',
  '--shell': NO_SHELL,
  '--no-shell': 'leave it out: programs are started without a shell',
  '--sslCa': 'leave it out: clients present a token, not a certificate: --client-token @FILE',
  '--sslCert': '--tls-cert FILE',
  '--sslKey': '--tls-key FILE',
  '--tunnel': TUNNEL,
  '--no-tunnel': 'leave it out: there is no tunnel',
  '--tunnelSubdomain': TUNNEL,
  '--upstreamProtocol': REVISION,
  // Flags that people try, although none of the four programs has them
  '--transport http': 'leave it out, or --transport http-only',
  '--transport stdio': 'leave it out: without --listen, the client is on stdio',
  '--transport streamable-http': 'leave it out, or --transport http-only',
  '--scope': REGISTERED,
  '--scopes': REGISTERED,
  '--token': BEARER,
  '--bearer': BEARER,
  '--bearer-token': BEARER,
  '--auth-token': BEARER,
  '--no-resource': RESOURCE,
  '--url': 'the URL without a flag: mcp-proxy https://server.example/mcp',
  '--command': LOCAL,
  '--args': LOCAL,
  '--verbose': DEBUG,
  '-v': `${DEBUG}, or --version`,
  '--insecure': VERIFIED,
  '-k': VERIFIED,
  '-p': PORT,
  '--proxy': '--enable-proxy, with HTTPS_PROXY in the environment',
};

const BY_KEY = new Map(Object.entries(HINTS).map(([written, hint]) => [keyOf(...split(written)), hint]));

/** What to write instead of a flag with this value, or undefined when the table does not have the flag. For a flag that exists here, it looks up only the value. */
export function foreignHint(flag: string, value?: string): string | undefined {
  const ofValue = value === undefined ? undefined : BY_KEY.get(keyOf(flag, value));
  if (ofValue !== undefined || OPTIONS.some(({ name }) => flag === `--${name}`)) return ofValue;
  const hint = BY_KEY.get(keyOf(flag));
  if (hint !== undefined && value === 'false') return 'leave it out';
  // Keep the port, which clients know; unlike most values, it is not a secret.
  return hint === PORT && value !== undefined && checkPort(value) === undefined ? hint.replaceAll('8080', value) : hint;
}

/** Every flag of the table, with its value if that matters, and what to write here. */
export function foreignFlags(): readonly (readonly [string, string])[] {
  return Object.entries(HINTS);
}

function split(written: string): [string, string | undefined] {
  const [flag = '', value] = written.split(' ');
  return [flag, value];
}

function keyOf(flag: string, value = ''): string {
  return `${plain(flag)} ${plain(value)}`;
}

function plain(word: string): string {
  return word.slice(0, 60).replaceAll('-', '').toLowerCase();
}
