// Who may connect, and from where, including addresses that the machine of the tests need not have.
import { describe, expect, it } from 'vitest';
import {
  type AccessRules,
  checkAddressing,
  checkIdentity,
  isOwnPage,
  type RequestFacts,
} from '../../../../src/downstream/http/access.ts';

const ALLOWED_HOST = 'mcp.example.com';
const ALLOWED_ORIGIN = 'https://app.example.com';
const TOKEN = 'c2VjcmV0';
const RULES: AccessRules = {
  allowedHosts: new Set([ALLOWED_HOST]),
  allowedOrigins: new Set([ALLOWED_ORIGIN]),
  isToken: (token) => token === TOKEN,
};

/** Where a connection comes from, and the address it came in on. */
const HERE = { remoteAddress: '127.0.0.1', localAddress: '127.0.0.1' };
const HERE_V6 = { remoteAddress: '::1', localAddress: '::1' };
const HERE_MAPPED = { remoteAddress: '::ffff:127.0.0.1', localAddress: '::ffff:127.0.0.1' };
/** A program on this machine that uses its address in the network. */
const HERE_OUTSIDE = { remoteAddress: '192.0.2.10', localAddress: '192.0.2.10' };
const NEIGHBOUR = { remoteAddress: '192.0.2.99', localAddress: '192.0.2.10' };
const NEIGHBOUR_MAPPED = { remoteAddress: '::ffff:192.0.2.99', localAddress: '::ffff:192.0.2.10' };
const NEIGHBOUR_V6 = { remoteAddress: 'fe80::99%eth0', localAddress: 'fe80::10%eth0' };
const GONE = { remoteAddress: undefined, localAddress: undefined };

type Place = Pick<RequestFacts, 'remoteAddress' | 'localAddress'>;

function visitor(place: Place, headers: RequestFacts['headers'], hosts = 1): RequestFacts {
  return { ...place, headers, hosts };
}

/** The status of the refusal; undefined when there is none. */
function addressed(headers: RequestFacts['headers'], place: Place = HERE, hosts = 1): number | undefined {
  const entry = checkAddressing(visitor(place, headers, hosts), RULES);
  return entry.kind === 'refused' ? entry.refusal.status : undefined;
}

describe('Host', () => {
  const OF_THIS_MACHINE = [
    'localhost',
    'LOCALHOST:8080',
    'localhost.',
    'app.localhost',
    'a.b.localhost:1',
    '127.0.0.1',
    '127.255.255.254:65535',
    '[::1]',
    '[::1]:8080',
  ];
  const BY_NAME = [ALLOWED_HOST, `${ALLOWED_HOST}:443`, 'MCP.Example.COM'];
  const FOREIGN = [
    'evil.example',
    `x.${ALLOWED_HOST}`,
    `${ALLOWED_HOST}.evil.example`,
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    'notlocalhost',
    'example.com',
  ];
  const NONSENSE = [
    undefined,
    '',
    ' ',
    ':8080',
    'localhost:',
    'localhost:x',
    'localhost:123456',
    'localhost:80:80',
    'localhost, evil.example',
    'evil.example/localhost',
    'evil.example?localhost',
    'evil.example#localhost',
    'evil.example@localhost',
    'localhost@evil.example',
    'localhost\\evil.example',
    '[localhost]',
    '[::1',
    '::1]',
    '::1',
    '[]',
    '[:]',
    '__proto__',
    'constructor',
  ];
  const PLACES: [string, Place][] = [
    ['this machine', HERE],
    ['this machine, IPv6', HERE_V6],
    ['this machine, its outer address', HERE_OUTSIDE],
    ['another machine', NEIGHBOUR],
    ['another machine, IPv6', NEIGHBOUR_V6],
    ['nowhere any more', GONE],
  ];

  describe.each(PLACES)('from %s', (_, place) => {
    it.each([...OF_THIS_MACHINE, ...BY_NAME])('%s is served', (host) => {
      expect(addressed({ host }, place)).toBeUndefined();
    });

    it.each([...FOREIGN, ...NONSENSE])('%s is not', (host) => {
      expect(addressed({ ...(host !== undefined && { host }) }, place)).toBe(403);
    });
  });

  it.each<[what: string, host: string, place: Place, served: boolean]>([
    ['that was connected to', '192.0.2.10', HERE_OUTSIDE, true],
    ['that was connected to, with a port', '192.0.2.10:8080', HERE_OUTSIDE, true],
    ['that was connected to, over a socket of both families', '192.0.2.10', NEIGHBOUR_MAPPED, true],
    ['that was connected to, IPv6', '[2001:db8::10]', { remoteAddress: '::1', localAddress: '2001:db8::10' }, true],
    [
      'that was connected to, with a zone',
      '[fe80::10]:80',
      { remoteAddress: '::1', localAddress: 'fe80::10%lo' },
      true,
    ],
    ['that was not connected to', '192.0.2.11', HERE, false],
    ['that was not connected to, over a socket of both families', '192.0.2.11', HERE_MAPPED, false],
    ['that was not connected to, IPv6', '[2001:db8::11]', HERE_V6, false],
    ['of all addresses', '0.0.0.0', HERE, false],
    ['of all addresses, IPv6', '[::]', HERE_V6, false],
    ['of a router, asked from elsewhere', '203.0.113.1:80', NEIGHBOUR, true],
    ['of a router, asked from elsewhere, IPv6', '[2001:db8::1]', NEIGHBOUR_V6, true],
    ['of a router, asked from elsewhere over a socket of both families', '203.0.113.1', NEIGHBOUR_MAPPED, true],
    ['in another spelling', '3221225994', HERE, false],
    ['in another spelling, from elsewhere', '0xc0.0.2.10', NEIGHBOUR, false],
    ['with too few numbers', '192.0.522', NEIGHBOUR, false],
    ['without brackets', '2001:db8::1', NEIGHBOUR_V6, false],
  ])('an address %s: %s', (_, host, place, served) => {
    expect(addressed({ host }, place)).toBe(served ? undefined : 403);
  });

  it('given twice is none, whatever the first one is', () => {
    expect(addressed({ host: 'localhost' }, HERE, 2)).toBe(400);
    expect(addressed({ host: 'evil.example' }, NEIGHBOUR, 3)).toBe(400);
  });

  it('is looked at anew for each request', () => {
    const hosts = ['localhost', 'evil.example', 'localhost', 'localhost', 'evil.example', 'evil.example'];
    expect(hosts.map((host) => addressed({ host }))).toEqual([undefined, 403, undefined, undefined, 403, 403]);
  });
});

describe('Origin', () => {
  const host = 'localhost:8080';

  it.each([
    'http://localhost',
    'https://localhost:8443',
    'http://app.localhost:5173',
    'http://127.0.0.1:3000',
    'https://127.9.9.9',
    'http://[::1]:6274',
    ALLOWED_ORIGIN,
  ])('%s has access, and the response says so', (origin) => {
    expect(checkAddressing(visitor(HERE, { host, origin }), RULES)).toEqual({ kind: 'checked', origin });
  });

  it.each([
    'null',
    '',
    'localhost',
    'http://',
    'http://evil.example',
    'http://localhost.evil.example',
    'http://localhost/',
    'http://localhost:80/x',
    'http://evil.example#localhost',
    'http://localhost@evil.example',
    'http://evil.example@localhost',
    'http://localhost, http://evil.example',
    'file://localhost',
    'ftp://localhost',
    'chrome-extension://localhost',
    'ws://localhost',
    'http://192.0.2.10',
    'http://0.0.0.0',
    'http://[::]',
    'http://2130706433',
    `${ALLOWED_ORIGIN}:443`,
    `${ALLOWED_ORIGIN}/`,
    ALLOWED_ORIGIN.replace('https', 'http'),
    ALLOWED_ORIGIN.toUpperCase(),
    `https://x.${ALLOWED_HOST}`,
  ])('%j is turned away, from wherever it comes', (origin) => {
    for (const place of [HERE, HERE_V6, NEIGHBOUR]) expect(addressed({ host, origin }, place)).toBe(403);
  });

  it('is not required where the request is not from a page', () => {
    expect(checkAddressing(visitor(HERE, { host }), RULES)).toEqual({ kind: 'checked', origin: undefined });
  });

  it('is looked at after Host', () => {
    expect(addressed({ host: 'evil.example', origin: 'http://localhost' })).toBe(403);
  });

  it.each<[site: string, origin: string | undefined, status: number | undefined]>([
    ['cross-site', undefined, 403],
    ['same-site', undefined, 403],
    ['same-origin', undefined, undefined],
    ['none', undefined, undefined],
    ['cross-site', ALLOWED_ORIGIN, undefined],
    ['same-site', 'http://localhost:3000', undefined],
    ['same-origin', 'https://evil.example', 403],
  ])('where a browser says %s, and the origin is %s: %s', (site, origin, status) => {
    const headers = { host, 'sec-fetch-site': site, ...(origin !== undefined && { origin }) };
    expect(addressed(headers)).toBe(status);
  });
});

describe('the token', () => {
  const PLACES: [Place, boolean][] = [
    [HERE, true],
    [HERE_V6, true],
    [HERE_MAPPED, true],
    [{ remoteAddress: '127.8.8.8', localAddress: '127.0.0.1' }, true],
    [HERE_OUTSIDE, false],
    [NEIGHBOUR, false],
    [NEIGHBOUR_MAPPED, false],
    [NEIGHBOUR_V6, false],
    [GONE, false],
  ];
  const HOSTS: [string | undefined, boolean][] = [
    ['localhost:8080', true],
    ['app.localhost', true],
    ['127.0.0.1', true],
    ['[::1]:1', true],
    [ALLOWED_HOST, false],
    ['192.0.2.10', false],
    [undefined, false],
  ];
  const ORIGINS: [string | undefined, boolean][] = [
    [undefined, true],
    ['http://localhost:5173', true],
    ['https://[::1]', true],
    [ALLOWED_ORIGIN, false],
    ['null', false],
  ];
  const GATEWAYS: [string | undefined, boolean][] = [
    [undefined, true],
    ['x-request-id', true],
    ['x-realip', true],
    ['forwarded', false],
    ['via', false],
    ['x-forwarded-for', false],
    ['x-forwarded-host', false],
    ['x-forwarded-proto', false],
    ['x-forwarded-anything', false],
    ['x-forwarded', false],
    ['x-real-ip', false],
    ['x-client-ip', false],
    ['true-client-ip', false],
    ['cf-connecting-ip', false],
  ];

  /** Every combination, and whether each part of it belongs to this machine. */
  function* combinations(): Generator<[RequestFacts, boolean]> {
    for (const [place, near] of PLACES) {
      for (const [host, ownHost] of HOSTS) {
        for (const [origin, ownOrigin] of ORIGINS) {
          for (const [gateway, direct] of GATEWAYS) {
            const headers = {
              ...(host !== undefined && { host }),
              ...(origin !== undefined && { origin }),
              // Its value does not matter: it may be empty or invented.
              ...(gateway !== undefined && { [gateway]: '127.0.0.1' }),
            };
            yield [visitor(place, headers), near && ownHost && ownOrigin && direct];
          }
        }
      }
    }
  }
  const withToken = (who: RequestFacts, authorization: string): RequestFacts => ({
    ...who,
    headers: { ...who.headers, authorization },
  });

  it('is needed unless everything about a request is of this machine, with nobody behind it', () => {
    let free = 0;
    for (const [who, local] of combinations()) {
      const status = checkIdentity(who, RULES)?.status;
      expect(status, JSON.stringify(who)).toBe(local ? undefined : 401);
      if (status === undefined) free++;
    }
    expect(free).toBe(4 * 4 * 3 * 3);
  });

  it('gives access to every client that has it', () => {
    for (const [who] of combinations()) {
      expect(checkIdentity(withToken(who, `Bearer ${TOKEN}`), RULES), JSON.stringify(who)).toBeUndefined();
    }
  });

  it('changes nothing when it is wrong: it is needed where it was needed before', () => {
    for (const [who, local] of combinations()) {
      const status = checkIdentity(withToken(who, 'Bearer wrong'), RULES)?.status;
      expect(status, JSON.stringify(who)).toBe(local ? undefined : 401);
    }
  });

  it('gives no access where the proxy has none', () => {
    for (const [who, local] of combinations()) {
      const status = checkIdentity(withToken(who, `Bearer ${TOKEN}`), { ...RULES, isToken: undefined })?.status;
      expect(status, JSON.stringify(who)).toBe(local ? undefined : 401);
    }
  });

  it.each([`Bearer ${TOKEN}`, `bearer ${TOKEN}`, `BEARER   ${TOKEN}`, `Bearer ${TOKEN} `])(
    '%j is it',
    (authorization) => {
      expect(checkIdentity(visitor(NEIGHBOUR, { host: ALLOWED_HOST, authorization }), RULES)).toBeUndefined();
    },
  );

  it.each<[authorization: string | undefined, wrong: boolean]>([
    [undefined, false],
    ['', false],
    ['Bearer', false],
    ['Bearer ', false],
    [TOKEN, false],
    [`Basic ${TOKEN}`, false],
    [`Bearer${TOKEN}`, false],
    [`Bearer ${TOKEN}, Basic x`, false],
    [`Basic x, Bearer ${TOKEN}`, false],
    [`Bearer x ${TOKEN}`, false],
    [`Bearer ${TOKEN}x`, true],
    [`Bearer ${TOKEN.slice(1)}`, true],
    [`Bearer ${TOKEN.toUpperCase()}`, true],
    ['Bearer undefined', true],
  ])('%j is not it; is it one at all: %s', (authorization, wrong) => {
    const headers = { host: ALLOWED_HOST, ...(authorization !== undefined && { authorization }) };
    const refusal = checkIdentity(visitor(NEIGHBOUR, headers), RULES);
    expect(refusal?.status).toBe(401);
    const challenge = `Bearer realm="mcp-proxy"${wrong ? ', error="invalid_token"' : ''}`;
    expect(refusal?.headers).toEqual({ 'www-authenticate': challenge });
  });
});

describe('a request that changes something', () => {
  const host = 'localhost:8080';
  it.each<[boolean, Record<string, string>]>([
    [false, {}],
    [true, { origin: 'http://localhost:8080' }],
    [true, { 'sec-fetch-site': 'same-origin' }],
    // A gateway may have changed the Host.
    [true, { origin: 'https://tools.example', 'sec-fetch-site': 'same-origin' }],
    [true, { origin: 'HTTP://LOCALHOST:8080', 'sec-fetch-site': 'same-origin' }],
    // A gateway may end TLS.
    [true, { origin: 'https://localhost:8080' }],
    [false, { origin: 'http://localhost:8081' }],
    [false, { origin: 'http://localhost' }],
    [false, { origin: 'http://127.0.0.1:8080' }],
    [false, { origin: 'http://localhost:8080.evil.example' }],
    [false, { origin: 'http://evil.example/localhost:8080' }],
    [false, { origin: 'null' }],
    [false, { origin: '' }],
    [false, { 'sec-fetch-site': 'same-site' }],
    [false, { 'sec-fetch-site': 'cross-site' }],
    [false, { 'sec-fetch-site': 'none' }],
    [false, { origin: 'http://localhost:8080', 'sec-fetch-site': 'same-site' }],
  ])('is of a page of the proxy itself: %s with %j', (own, headers) => {
    expect(isOwnPage({ host, ...headers })).toBe(own);
  });
});
