// Addresses that a hostile server would like to have fetched or opened. The test sees every request at the interface to
// the HTTP client.
import { describe, expect, it } from 'vitest';
import type { Challenge } from '../../../../src/auth/challenge.ts';
import { authorizationUrl } from '../../../../src/auth/oauth/code-flow.ts';
import { discover } from '../../../../src/auth/oauth/discover.ts';
import type { FetchContext } from '../../../../src/auth/oauth/library.ts';
import { HTTP_SERVER_DEFAULTS } from '../../../../src/config.ts';
import { Cancellation } from '../../../../src/core/cancel.ts';
import type { HttpRequest, HttpResponse } from '../../../../src/core/fetch.ts';
import { checkBrowserUrl } from '../../../../src/platform/browser.ts';
import { HOSTILE_URLS } from '../../platform/hostile-urls.ts';

// The host that the hostile addresses lead to, and an IP address on the internet, so that nothing has to be looked up.
const SERVER = 'https://as.example';
const MCP = `${SERVER}/mcp`;
const ISSUER = 'https://198.51.100.4';
const METADATA = `${SERVER}/.well-known/oauth-protected-resource/mcp`;
const DOCUMENT = `${ISSUER}/.well-known/oauth-authorization-server`;

type Answers = Record<string, { location: string } | object>;

/** The servers that these documents describe; nothing else exists. */
function world(answers: Answers): { wire: FetchContext; fetched: string[] } {
  const fetched: string[] = [];
  const fetch = async ({ url }: HttpRequest): Promise<HttpResponse> => {
    fetched.push(url.href);
    const answer = answers[url.href];
    if (answer && 'location' in answer) return response(302, '', { location: answer.location });
    return answer ? response(200, JSON.stringify(answer)) : response(404, 'not found');
  };
  return { wire: { fetch, server: new URL(MCP), signal: new Cancellation() }, fetched };
}

function response(status: number, text: string, headers: Record<string, string> = {}): HttpResponse {
  const bytes = Buffer.from(text);
  return {
    status,
    headers,
    body: { each: async (sink) => sink(bytes), bytes: async () => bytes, destroy: () => {} },
  };
}

const challenge: Challenge = { resourceMetadata: undefined, scope: undefined, error: undefined };
const resource = { resource: MCP, authorization_servers: [ISSUER] };
const issuer = {
  issuer: ISSUER,
  authorization_endpoint: `${ISSUER}/authorize`,
  token_endpoint: `${ISSUER}/token`,
  registration_endpoint: `${ISSUER}/register`,
};

/** Requests go to these two hosts only, whatever the path. */
function expectSafe(fetched: readonly string[], named: string): void {
  const hosts = new Set(['as.example', '198.51.100.4', hostOf(named), hostOf(named, MCP), hostOf(named, ISSUER)]);
  for (const href of fetched) {
    const url = new URL(href);
    expect([href, url.protocol, url.username, url.password]).toEqual([href, 'https:', '', '']);
    expect(hosts).toContain(url.hostname);
    expect(url.hostname).not.toMatch(/^(10|127|169\.254|0)\.|^\[|localhost/);
  }
}

/** Empty where there is none. */
function hostOf(named: string, base?: string): string {
  try {
    return new URL(named, base).hostname;
  } catch {
    return '';
  }
}

/** Whatever the outcome, the program does not crash. */
async function outcome<T>(trying: Promise<T>): Promise<T | undefined> {
  try {
    return await trying;
  } catch (error) {
    expect(error).toMatchObject({ name: 'ProxyError' });
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not reach a terminal
    expect((error as Error).message).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u202e\u2066]/);
    return undefined;
  }
}

it('works where nothing is hostile', async () => {
  const { wire, fetched } = world({ [METADATA]: resource, [DOCUMENT]: issuer });
  expect((await discover(wire, challenge, undefined)).issuer).toEqual(issuer);
  expect(fetched).toEqual([METADATA, DOCUMENT]);
});

describe.each(HOSTILE_URLS.map((url) => [JSON.stringify(url), url]))('%s', (_, hostile) => {
  it('as resource_metadata is not fetched', async () => {
    const { wire, fetched } = world({});
    await outcome(discover(wire, { ...challenge, resourceMetadata: hostile }, undefined));
    expectSafe(fetched, hostile);
  });

  it('as authorization server is not asked', async () => {
    const { wire, fetched } = world({ [METADATA]: { ...resource, authorization_servers: [hostile] } });
    await outcome(discover(wire, challenge, undefined));
    expectSafe(fetched, hostile);
  });

  it('as authorization_endpoint is not opened', async () => {
    const document = { ...issuer, authorization_endpoint: hostile };
    const { wire } = world({ [METADATA]: resource, [DOCUMENT]: document });
    const found = await outcome(discover(wire, challenge, undefined));
    if (!found) return;
    const client = { source: 'registered', clientId: 'c', authMethod: 'none' } as const;
    const wanted = { issuer: found.issuer, resource: MCP, scope: undefined, clientIsKnown: false };
    const secrets = { state: 's', verifier: 'v'.repeat(43) };
    const redirect = 'http://localhost:1/callback';
    const url = await outcome(authorizationUrl(HTTP_SERVER_DEFAULTS.auth, wanted, client, redirect, secrets));
    if (!url) return;
    const opened = checkBrowserUrl(url.href);
    expect([opened.protocol, opened.username, opened.password]).toEqual(['https:', '', '']);
    expect(opened.href).toMatch(/^https:\/\/[\w.-]+\/[!-~]*$/);
    expect(opened.href).not.toMatch(/[\\`"'<>\s]/);
  });

  it.each(['token_endpoint', 'registration_endpoint', 'revocation_endpoint', 'device_authorization_endpoint'] as const)(
    'as %s is dropped unless it is https:',
    async (name) => {
      const { wire } = world({ [METADATA]: resource, [DOCUMENT]: { ...issuer, [name]: hostile } });
      const found = await outcome(discover(wire, challenge, undefined));
      const kept = found?.issuer[name];
      if (kept === undefined) return;
      const { protocol, username, password } = new URL(String(kept));
      expect([protocol, username, password]).toEqual(['https:', '', '']);
    },
  );
});

/** Bytes as they arrive in a header, as far as a header can contain them. */
const LOCATIONS = HOSTILE_URLS.filter((url) => !/[\0\r\n]/.test(url)).map((url) => Buffer.from(url).toString('latin1'));

it.each(LOCATIONS)('%j as Location of metadata is not followed', async (hostile) => {
  const { wire, fetched } = world({ [METADATA]: { location: hostile } });
  await outcome(discover(wire, challenge, undefined));
  expect(fetched[0]).toBe(METADATA);
  expectSafe(fetched, hostile);
  const next = world({ [METADATA]: resource, [DOCUMENT]: { location: hostile } });
  await outcome(discover(next.wire, challenge, undefined));
  expect(next.fetched).toContain(DOCUMENT);
  expectSafe(next.fetched, hostile);
});

it('follows a limited number of redirects of metadata', async () => {
  const next = `${SERVER}/elsewhere`;
  const { wire } = world({ [METADATA]: { location: '/elsewhere' }, [next]: resource, [DOCUMENT]: issuer });
  expect((await discover(wire, challenge, undefined)).issuer).toEqual(issuer);
  const loop = world({ [METADATA]: { location: METADATA } });
  await outcome(discover(loop.wire, challenge, undefined));
  expect(loop.fetched.filter((url) => url === METADATA).length).toBeLessThanOrEqual(5);
});

it('asks a handful of authorization servers, however many are named', async () => {
  const many = Array.from({ length: 1000 }, (_, n) => `https://198.51.100.${n % 250}/${n}`);
  const { wire, fetched } = world({ [METADATA]: { ...resource, authorization_servers: many } });
  await outcome(discover(wire, challenge, undefined));
  expect(new Set(fetched.map((url) => new URL(url).hostname)).size).toBeLessThanOrEqual(6);
  expect(fetched.length).toBeLessThanOrEqual(30);
});
