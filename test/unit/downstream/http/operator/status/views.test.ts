// The parts of the status page: what people read, and that no text from outside is anything but text.
import { describe, expect, it } from 'vitest';
import {
  callsView,
  errorsView,
  sessionsView,
} from '../../../../../../src/downstream/http/operator/status/calls-view.ts';
import { chartsView } from '../../../../../../src/downstream/http/operator/status/charts.ts';
import {
  partsOf,
  STATUS_HEADERS,
  statusDocument,
} from '../../../../../../src/downstream/http/operator/status/document.ts';
import type { ServerFacts, StatusFacts } from '../../../../../../src/downstream/http/operator/status/facts.ts';
import { Html, html, said } from '../../../../../../src/downstream/http/operator/status/html.ts';
import { headline } from '../../../../../../src/downstream/http/operator/status/overview.ts';
import { SCRIPT } from '../../../../../../src/downstream/http/operator/status/script.ts';
import { serversView } from '../../../../../../src/downstream/http/operator/status/servers-view.ts';
import { duration, outcomeWords, plural } from '../../../../../../src/downstream/http/operator/status/words.ts';

const NASTY = `"><script>alert(1)</script><img src=x onerror='alert(1)'>&\u202e\u0000`;
const PLACE = { origin: 'http://localhost:8080', prefix: '', token: 'token' };

const server = (changes: Partial<ServerFacts> = {}): ServerFacts => ({
  name: 'one',
  address: 'https://one.example/mcp',
  state: { kind: 'ready' },
  transport: 'Streamable HTTP',
  revision: '2026-07-28',
  signIn: 'not needed',
  path: undefined,
  requests: 1_000,
  failed: 0,
  tools: { shown: undefined, hidden: [], changed: [], more: 0, search: false },
  ...changes,
});

const facts = (changes: Partial<StatusFacts> = {}): StatusFacts => ({
  version: '1.2.3',
  servers: [server()],
  calls: { open: [], waiting: 0, ended: [] },
  errors: [],
  sessions: { count: 0, rows: [] },
  intervals: [],
  since: 0,
  now: 0,
  ...changes,
});

describe('words', () => {
  it.each([
    [0.0004, '< 1 ms'],
    [0.0421, '42 ms'],
    [0.9996, '1.0 s'],
    [9.94, '9.9 s'],
    [9.96, '10 s'],
    [59.4, '59 s'],
    [59.6, '1 min 00 s'],
    [3_599.6, '1 h 00 min'],
    [7_260, '2 h 01 min'],
  ])('%s s is %s', (seconds, text) => {
    expect(duration(seconds)).toBe(text);
  });

  it('numbers are counted in words', () => {
    expect([plural(1, 'tool'), plural(1_234, 'tool'), plural(0, 'tool')]).toEqual(['1 tool', '1,234 tools', '0 tools']);
  });

  it('outcomes are words, and the codes of servers stay', () => {
    expect([outcomeWords('timeout', undefined), outcomeWords('error', -32602)]).toEqual(['timed out', 'error -32602']);
  });
});

describe('a template', () => {
  it('escapes what it inserts, unless it is HTML', () => {
    expect(html`<p title="${NASTY}">${NASTY}${1}${undefined}${new Html('<b>')}${[html`${'<'}`]}</p>`.text).not.toMatch(
      /<script|<img|"><|onerror='/,
    );
    expect(html`${new Html('<b>')}${[html`${'<'}`]}`.text).toBe('<b>&lt;');
  });

  it('shows words from outside on one line, without what changes the direction of a text', () => {
    expect(said(`a\nb\u202ec${'x'.repeat(200)}`, 10).text).toBe('<bdi>a b cxxxxx…</bdi>');
  });
});

describe('the headline', () => {
  const dead = server({ state: { kind: 'unreachable', reason: undefined } });
  const closed = server({
    state: { kind: 'sign-in', begun: true, url: undefined, userCode: undefined, reason: undefined },
  });
  const changed = server({
    tools: { ...server().tools, changed: [{ name: 'a', difference: [], leftOut: undefined, digest: '' }] },
  });
  it.each([
    [[], 'No servers'],
    [[server()], 'Ready'],
    [[server({ state: { kind: 'checking' } })], 'Checking'],
    [[server(), server()], 'All 2 servers are ready'],
    [[dead], 'The server cannot be reached'],
    [[closed], 'A sign-in is needed'],
    [[changed], '1 tool has changed'],
    [[dead, closed, changed], '1 of 3 servers cannot be reached · 1 of 3 servers needs a sign-in · 1 tool has changed'],
    [[closed, closed, server()], '2 of 3 servers need a sign-in'],
  ] as const)('%# %s', (servers, text) => {
    expect(headline(servers).text).toBe(text);
  });
});

describe('texts from outside', () => {
  const call = { number: 1, server: NASTY, method: NASTY, tool: NASTY, began: 0, seconds: 1, outcome: NASTY, code: 1 };
  const tool = { name: NASTY, note: NASTY };
  const hostile = facts({
    servers: [
      server({
        address: NASTY,
        state: { kind: 'unreachable', reason: NASTY },
        tools: {
          shown: [tool],
          hidden: [tool],
          changed: [{ name: NASTY, difference: [`+ ${NASTY}`, `- ${NASTY}`], leftOut: undefined, digest: NASTY }],
          more: 1,
          search: true,
        },
      }),
      server({
        state: { kind: 'sign-in', begun: true, url: `https://as.example/?${NASTY}`, userCode: NASTY, reason: NASTY },
      }),
      server({
        state: { kind: 'sign-in', begun: true, url: 'javascript:alert(1)', userCode: undefined, reason: undefined },
      }),
    ],
    calls: { open: [call], waiting: 2, ended: [call] },
    errors: [{ number: 1, server: NASTY, method: NASTY, message: NASTY, hint: NASTY, times: 2, last: 0 }],
    sessions: {
      count: 2,
      rows: [
        {
          key: 1,
          client: NASTY,
          version: NASTY,
          transport: NASTY,
          revision: NASTY,
          server: NASTY,
          began: 0,
          state: 'idle',
          lastUsed: 0,
        },
      ],
    },
  });

  it('are text on every part of the page', () => {
    const parts = partsOf(hostile, { ...PLACE, prefix: NASTY });
    for (const [id, part] of parts) {
      expect([id, part]).toEqual([id, expect.not.stringMatching(/<script|<img|onerror='|javascript:/)]);
      expect(part.startsWith('<') && part.includes(`id="${id}"`)).toBe(true);
    }
    expect(parts.get('calls')).toContain('&lt;script&gt;');
    expect(parts.get('servers')).not.toContain('\u202e');
    expect(parts.get('servers')).not.toContain('\u0000');
  });

  it('is a button that begins a sign-in which has not begun', () => {
    const state = {
      kind: 'sign-in',
      begun: false,
      url: undefined,
      userCode: undefined,
      reason: 'it took too long',
    } as const;
    const { text } = serversView([server({ state })], { ...PLACE, prefix: '/tools' });
    expect(text).toContain('href="/tools/"');
    expect(text).toContain('it took too long');
  });

  it('are a link only where they are the address of a page', () => {
    const { text } = serversView(hostile.servers, PLACE);
    expect([...text.matchAll(/href="(\w+):/g)].map(([, scheme]) => scheme)).toEqual(['https']);
  });
});

describe('the document', () => {
  const text = statusDocument(facts(), PLACE);

  it('has its own script and style only, which its policy allows by their hashes', () => {
    expect(text.match(/<(script|style|link|img|iframe)/g)).toEqual(['<style', '<script']);
    expect(text).not.toMatch(/\son\w+="|\sstyle="|https?:\/\/(?!localhost|one\.example)/);
    const policy = STATUS_HEADERS['content-security-policy'];
    expect(policy).toMatch(/^default-src 'none'; style-src 'sha256-[^ ;]+'; script-src 'sha256-[^ ;]+'; /);
    expect(policy).not.toContain('unsafe');
  });

  it('has a script that cannot end its element, and that a browser can read', () => {
    expect(SCRIPT).not.toContain('</script');
    expect(() => new Function(SCRIPT)).not.toThrow();
  });

  it('says what is empty', () => {
    for (const words of [
      'No requests since this page was opened',
      'No errors since the start',
      'No client has a session',
      'No client has asked for the tools yet',
    ])
      expect(text).toContain(words);
  });
});

describe('lists', () => {
  const row = { number: 1, server: 'one', method: 'tools/call', tool: 't', began: 0, seconds: 2, code: undefined };

  it('name the server of a request where there are several', () => {
    const calls = { open: [{ ...row, outcome: undefined }], waiting: 3, ended: [] };
    expect(callsView(calls, true).text).toContain('tools/call · one');
    expect(callsView(calls, false).text).not.toContain('· one');
    expect(callsView(calls, false).text).toContain('2 more wait for their answers');
  });

  it('show an error that came again once', () => {
    const error = { number: 1, server: 'one', method: 'ping', message: 'm', hint: 'h', times: 3, last: 0 };
    expect(errorsView([error], false).text).toContain('3 times');
    expect(errorsView([{ ...error, times: 1 }], false).text).not.toContain('time</span>');
  });

  it('say how many sessions are not shown', () => {
    expect(sessionsView({ count: 700, rows: [] }, false).text).toContain('700');
  });
});

describe('charts', () => {
  it('say in words what they show', () => {
    const intervals = [
      { requests: 4, failed: 1, median: 0.1, slow: 0.4 },
      { requests: 0, failed: 0, median: undefined, slow: undefined },
    ];
    const { text } = chartsView(intervals, true);
    expect(text).toContain('aria-label="Requests: 4 in 15 minutes, 1 failed; at most 4 in 10 seconds"');
    expect(text).toContain('aria-label="Response time: median 100 ms, 95 % within 400 ms"');
  });

  it('are empty without requests', () => {
    const { text } = chartsView([{ requests: 0, failed: 0, median: undefined, slow: undefined }], false);
    expect(text).toContain('none since this page was opened');
    expect(text).not.toMatch(/class="(bar|median)|NaN|Infinity/);
  });
});
