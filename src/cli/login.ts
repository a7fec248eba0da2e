/** `mcp-proxy login <url>`: signs in from a terminal, also where the browser is on another machine. */
import { createInterface } from 'node:readline';
import { demandOf } from '../auth/challenge.ts';
import type { AuthOptions } from '../auth/context.ts';
import { credentialsName } from '../auth/credentials.ts';
import { Auth } from '../auth/fetch.ts';
import { openAuthorizer, openVault } from '../auth/open.ts';
import type { Config } from '../config.ts';
import type { Log } from '../core/ports.ts';
import { showUrl } from '../core/redact.ts';
import { SignInState } from '../core/sign-in.ts';
import { openPlace } from './place.ts';

export interface CommandContext {
  readonly log: Log;
  readonly version: string;
  /** Writes one line on stdout. */
  readonly print: (line: string) => void;
}

/** What is asked without being signed in: harmless everywhere, and looked at by nobody who wants a sign-in first. */
const PING = '{"jsonrpc":"2.0","id":1,"method":"ping"}';

/** Signs in, unless somebody has. Rejects with a ProxyError that says why it did not work. */
export async function login(config: Config, { log, version, print }: CommandContext): Promise<void> {
  const { options, http } = await openPlace(config, log, version);
  try {
    const where = showUrl(config.url);
    if ((await ask(new Auth(options).fetch, options)).status !== 401 && isSignedIn(options)) {
      print(`already signed in to ${where}`);
      return;
    }
    const response = await ask(http.fetch, options);
    const demand = demandOf(response, false);
    const challenge = demand.kind === 'token' ? demand.challenge : NO_CHALLENGE;
    const name = credentialsName(config.url, config.auth.resource, config.auth.profile);
    const vault = openVault(options, name);
    const stop = new Set<() => void>();
    const pasted = pasteBack(log, stop);
    const authorizer = openAuthorizer(options, name, new SignInState(), { vault, pasted });
    try {
      const refused = vault.read()?.tokens?.accessToken;
      await authorizer.obtain({ refused, fresh: true, challenge, stepUp: false, interactive: true });
    } finally {
      for (const end of stop) end();
    }
    print(`signed in to ${where}`);
  } finally {
    http.close();
  }
}

const NO_CHALLENGE = { resourceMetadata: undefined, scope: undefined, error: undefined };

function isSignedIn({ store, server, config }: AuthOptions): boolean {
  return store.read(credentialsName(server, config.resource, config.profile)) !== undefined;
}

async function ask(fetch: AuthOptions['fetch'], { server }: AuthOptions) {
  const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
  const body = [Buffer.from(PING)];
  const response = await fetch({ method: 'POST', url: server, headers, body, repeatable: true, probe: true });
  response.body.destroy();
  return response;
}

/** Lets the user paste the address that the browser was sent to, which may be one of another machine. */
function pasteBack(
  log: Log,
  stop: Set<() => void>,
): Parameters<typeof openAuthorizer>[3] extends { pasted?: infer P } | undefined ? P : never {
  return (state, finish) => {
    log.info('browser on another machine? paste the address that it ends at here, and press enter');
    const lines = createInterface({ input: process.stdin });
    stop.add(() => lines.close());
    lines.on('line', (line) => {
      const text = line.trim();
      if (text === '') return;
      const answer = URL.canParse(text) ? new URL(text).searchParams : undefined;
      if (answer?.get('state') !== state) {
        log.warn('that is not the address of this sign-in: it holds code=... and the state of the page above');
        return;
      }
      finish(answer).then((verdict) => {
        if (verdict.page === 'failed') log.warn(verdict.reason);
      });
    });
  };
}
