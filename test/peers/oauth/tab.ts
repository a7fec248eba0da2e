// One tab of the browser stand-in: goes where redirects lead, keeps cookies, presses the button of a form.
import http from 'node:http';
import https from 'node:https';
import type { LookupFunction } from 'node:net';

export type Decision = 'approve' | 'deny';

/** Tells the authorization servers of these tests what the user decided; anything but "deny" is consent. */
export const DECISION_HEADER = 'x-user-decision';

export interface Page {
  /** Number of the tab, from 1. */
  readonly tab: number;
  /** Every URL of the tab in order; the last is that of the page. */
  readonly visited: readonly string[];
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly html: string;
  /** Why there is no page: nobody listens at the last URL, say. The status is 0 then. */
  readonly error?: Error;
}

interface Step {
  readonly url: string;
  /** Set where a form is sent. */
  readonly form?: URLSearchParams;
}

interface Reached {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly html: string;
}

type Jar = Map<string, Map<string, string>>;

const MOST_STEPS = 20;

export async function browse(tab: number, start: string, decision: Decision, ca?: string): Promise<Page> {
  const visited: string[] = [];
  const jar: Jar = new Map();
  let step: Step | undefined = { url: start };
  try {
    while (visited.length < MOST_STEPS) {
      visited.push(step.url);
      const reached: Reached = await go(step, jar, decision, ca);
      const next = onwards(step.url, reached);
      if (!next) return { tab, visited, ...reached };
      step = next;
    }
    throw new Error(`more than ${MOST_STEPS} redirects and forms`);
  } catch (error) {
    return { tab, visited, status: 0, headers: {}, html: '', error: error as Error };
  }
}

function onwards(from: string, { status, headers, html }: Reached): Step | undefined {
  const isRedirect = status >= 300 && status < 400 && headers.location !== undefined;
  if (isRedirect) return { url: new URL(headers.location ?? '', from).href };
  // An error page may repeat the form that led to it.
  const form = status === 200 ? /<form\b[^>]*method="post"[^>]*>[\s\S]*?<\/form>/i.exec(html)?.[0] : undefined;
  if (form === undefined) return undefined;
  const fields = new URLSearchParams();
  for (const [input] of form.matchAll(/<input\b[^>]*>/gi))
    fields.append(attribute(input, 'name'), attribute(input, 'value'));
  return { url: new URL(attribute(form, 'action'), from).href, form: fields };
}

function attribute(tag: string, name: string): string {
  const value = new RegExp(`\\b${name}="([^"]*)"`, 'i').exec(tag)?.[1] ?? '';
  return value.replaceAll('&quot;', '"').replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
}

/** No tab of a test leaves this machine, whatever name it goes to. */
const lookup: LookupFunction = (_host, { all }, done) => {
  if (all) done(null, [{ address: '127.0.0.1', family: 4 }]);
  else done(null, '127.0.0.1', 4);
};

function go({ url, form }: Step, jar: Jar, decision: Decision, ca: string | undefined): Promise<Reached> {
  const { protocol, hostname } = new URL(url);
  if (protocol !== 'http:' && protocol !== 'https:')
    return Promise.reject(new Error(`this browser does not open ${protocol}`));
  // As in browsers, cookies know hosts but not ports.
  const cookies = jar.get(hostname) ?? new Map<string, string>();
  jar.set(hostname, cookies);
  const headers: Record<string, string> = { accept: 'text/html,*/*', [DECISION_HEADER]: decision };
  if (cookies.size > 0) headers.cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  if (form) headers['content-type'] = 'application/x-www-form-urlencoded';
  return new Promise((resolve, reject) => {
    const options: https.RequestOptions = { method: form ? 'POST' : 'GET', headers, agent: false };
    if (hostname !== 'localhost') options.lookup = lookup;
    if (ca !== undefined) options.ca = ca;
    const request = (protocol === 'https:' ? https : http).request(url, options, (response) => {
      let html = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        html += chunk;
      });
      response.once('error', reject);
      response.once('end', () => {
        for (const line of response.headers['set-cookie'] ?? []) keep(cookies, line);
        resolve({ status: response.statusCode ?? 0, headers: response.headers, html });
      });
    });
    request.once('error', reject);
    request.end(form?.toString());
  });
}

function keep(cookies: Map<string, string>, line: string): void {
  const [pair = ''] = line.split(';');
  const at = pair.indexOf('=');
  const [name, value] = [pair.slice(0, at).trim(), pair.slice(at + 1).trim()];
  if (value === '') cookies.delete(name);
  else cookies.set(name, value);
}
