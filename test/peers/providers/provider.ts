// What the stand-ins for well-known authorization servers have in common: their real host names, over TLS, and an MCP
// server that sends people to them.
//
//   const entra = await startEntra();
//   const browser = await startBrowser('hold');
//   const args = ['--static-oauth-client-info', JSON.stringify(entra.clientInfo)];
//   const proxy = startProxy(entra.mcpUrl, args, { env: { ...entra.env, BROWSER: browser.command } });
//   await entra.visit(await browser.waitForTab(1));
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { legacyServer } from '../minimal-server.ts';
import { createAuthority } from '../tls.ts';

const PRELOAD = fileURLToPath(new URL('./hosts.cjs', import.meta.url));
const authority = createAuthority('Root of the stand-ins');

export interface Request {
  readonly method: string;
  /** Whole, with the query. */
  readonly url: URL;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
  /** Of a form that was posted; empty otherwise. */
  readonly form: URLSearchParams;
}

export interface Answer {
  status: number;
  headers?: Record<string, string>;
  body?: string;
}

export type Handler = (request: Request) => Answer;
/** By URL without query. An object is a JSON document for GET. */
export type Routes = Record<string, Handler | object>;

/** Where a request was made to: an endpoint by its purpose. */
export type Purpose = 'metadata' | 'register' | 'authorize' | 'token' | 'revoke' | 'mcp';

export interface Site {
  mcpUrl: string;
  routes: Routes;
  /** URLs without query; the rest is the MCP server, or metadata. */
  endpoints: { authorize: string; token: string; register?: string; revoke?: string };
  /** Says why the MCP server refuses a request, by sending an answer. */
  guard: (request: Request, rpcMethod: string) => Answer | undefined;
}

export interface Reply {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests read members of documents they know the shape of
  readonly json: any;
}

/** Where a tab ended. */
export interface Tab extends Reply {
  readonly url: string;
}

export interface Provider {
  readonly mcpUrl: string;
  /** For the program under test: the names, and the authority of the certificates. */
  readonly env: Record<string, string>;
  readonly requests: readonly Request[];
  count(purpose: Purpose): number;
  /** Requests of one purpose. */
  of(purpose: Purpose): Request[];
  /** A request from the test itself, over the same names. */
  fetch(url: string, options?: Outgoing): Promise<Reply>;
  /** Follows a URL as a user who consents, to where it leaves these hosts (`url` is outside then) or to a page. */
  signIn(url: string): Promise<Tab>;
  /** As `signIn`, and opens what is outside: the callback of the program. */
  visit(url: string): Promise<Tab>;
  close(): Promise<void>;
}

export async function startProvider(site: Site): Promise<Provider> {
  const requests: Request[] = [];
  const hosts = [...new Set([site.mcpUrl, ...Object.keys(site.routes)].map((url) => new URL(url).hostname))];
  const serve = legacyServer();
  const purposes = new Map<string, Purpose>(
    Object.entries({ ...site.endpoints, mcp: site.mcpUrl }).map(([purpose, url]) => [url, purpose as Purpose]),
  );
  const purposeOf = ({ url }: Request): Purpose => purposes.get(bare(url)) ?? 'metadata';

  const server = https.createServer(authority.issue({ hosts }), async (req, res) => {
    const request = await read(req);
    requests.push(request);
    const known = site.routes[bare(request.url)];
    if (bare(request.url) === site.mcpUrl) {
      const refusal = site.guard(request, rpcMethod(request));
      if (refusal) return write(res, refusal);
      const gone = new AbortController().signal;
      const { method, headers, body } = request;
      serve({ method, path: request.url.pathname, headers, body, gone }, res);
    } else if (known === undefined)
      write(res, { status: 404, headers: { 'content-type': 'text/plain' }, body: 'Not Found' });
    else if (typeof known === 'function') write(res, (known as Handler)(request));
    else if (request.method === 'GET') write(res, json(200, known));
    else write(res, { status: 405 });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  const folder = mkdtempSync(path.join(os.tmpdir(), 'stand-in-'));
  const file = path.join(folder, 'authority.pem');
  writeFileSync(file, authority.pem);

  const ours = (url: string): boolean => hosts.includes(new URL(url).hostname);
  const provider: Provider = {
    mcpUrl: site.mcpUrl,
    env: {
      NODE_EXTRA_CA_CERTS: file,
      NODE_OPTIONS: `--require=${JSON.stringify(PRELOAD)}`,
      STAND_IN_HOSTS: JSON.stringify({ port, hosts }),
    },
    requests,
    count: (purpose) => provider.of(purpose).length,
    of: (purpose) => requests.filter((request) => purposeOf(request) === purpose),
    fetch: (url, options = {}) =>
      ours(url)
        ? send(https, url, options, { hostname: '127.0.0.1', port, ca: authority.pem })
        : send(http, url, options),
    async signIn(url) {
      for (let next = url; ; ) {
        if (!ours(next)) return { url: next, status: 0, headers: {}, text: '', json: undefined };
        const reply = await provider.fetch(next);
        const { location } = reply.headers;
        if (location === undefined) return { ...reply, url: next };
        next = new URL(location, next).href;
      }
    },
    async visit(url) {
      const tab = await provider.signIn(url);
      return tab.status === 0 ? { ...(await provider.fetch(tab.url)), url: tab.url } : tab;
    },
    close: () =>
      new Promise((resolve) => {
        rmSync(folder, { recursive: true, force: true });
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return provider;
}

export function json(status: number, body: object, headers: Record<string, string> = {}): Answer {
  return {
    status,
    headers: { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store', ...headers },
    body: JSON.stringify(body),
  };
}

/** An error a person sees, and no client. */
export function page(status: number, text: string): Answer {
  return { status, headers: { 'content-type': 'text/html; charset=utf-8' }, body: `<!doctype html><p>${text}</p>` };
}

export function redirect(to: string, parameters: Record<string, string | undefined>): Answer {
  const url = new URL(to);
  for (const [name, value] of Object.entries(parameters)) if (value !== undefined) url.searchParams.set(name, value);
  return { status: 302, headers: { location: url.href } };
}

/** A refusal of the MCP server. */
export function challenge(parameters: Record<string, string | undefined>, status = 401): Answer {
  const list = Object.entries(parameters).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}="${value}"`],
  );
  return json(
    status,
    { error: parameters.error ?? 'unauthorized' },
    { 'www-authenticate': `Bearer ${list.join(', ')}` },
  );
}

/** The bearer token of a request. */
export function bearer({ headers }: Request): string | undefined {
  return /^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1];
}

const bare = (url: URL): string => url.origin + url.pathname;

function rpcMethod({ body, method }: Request): string {
  return body === '' ? method : ((JSON.parse(body) as { method?: string }).method ?? '');
}

async function read(req: http.IncomingMessage): Promise<Request> {
  const chunks: Buffer[] = [];
  for await (const chunk of req) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks).toString('utf8');
  const isForm = req.headers['content-type']?.startsWith('application/x-www-form-urlencoded') ?? false;
  return {
    method: req.method ?? '',
    url: new URL(req.url ?? '/', `https://${req.headers.host}`),
    headers: req.headers,
    body,
    form: new URLSearchParams(isForm ? body : ''),
  };
}

function write(res: http.ServerResponse, { status, headers, body }: Answer): void {
  res.writeHead(status, headers).end(body);
}

interface Outgoing {
  method?: string;
  headers?: Record<string, string>;
  body?: string;
}

function send(
  transport: Pick<typeof http, 'request'>,
  url: string,
  { method = 'GET', headers = {}, body }: Outgoing,
  place: https.RequestOptions = {},
): Promise<Reply> {
  const { host, hostname: servername } = new URL(url);
  const options = { servername, ...place, method, headers: { host, ...headers }, agent: false };
  return new Promise((resolve, reject) => {
    const request = transport.request(url, options);
    request.once('error', reject).once('response', (res) => {
      let text = '';
      res.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      res.once('end', () => {
        const parsed = res.headers['content-type']?.includes('json') ? JSON.parse(text) : undefined;
        resolve({ status: res.statusCode ?? 0, headers: res.headers, text, json: parsed });
      });
    });
    request.end(body);
  });
}
