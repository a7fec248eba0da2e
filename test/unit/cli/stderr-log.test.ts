// Lines on stderr for people, and objects for programs.
import { describe, expect, it } from 'vitest';
import { announcement, createLog, farewell, type LogOptions } from '../../../src/cli/stderr-log.ts';
import type { LogFormat } from '../../../src/config.ts';
import { LEVELS, type Level } from '../../../src/core/ports.ts';
import { redactor } from '../../../src/core/redact.ts';
import { ProxyError, Unexpected } from '../../../src/errors.ts';

const NASTY = 'a\n\u001b[31mb\u0000c\u2028d\u202ee topsecret "quoted" \\ é';
const HARMLESS = 'a [31mb c d e *** "quoted" \\ é';

function logged(format: LogFormat, level: Level = 'debug', about: Pick<LogOptions, 'server' | 'named'> = {}) {
  const written: string[] = [];
  const redact = redactor(['topsecret']);
  const log = createLog({ level, format, redact, ...about, write: (text) => written.push(text) });
  return { log, written };
}

/** The object in a text that is one line. */
function objectIn(text: string | undefined): Record<string, unknown> {
  expect(text).toMatch(/^[^\n]+\n$/);
  return JSON.parse(text as string);
}

describe('as text', () => {
  it('an event is one line with its level', () => {
    const { log, written } = logged('text');
    for (const level of LEVELS) log[level](`${level} ${NASTY}`);
    expect(written).toEqual(LEVELS.map((level) => `mcp-proxy: ${level}: ${level} ${HARMLESS}\n`));
  });

  it('an address to open stands behind it, whole', () => {
    const { log, written } = logged('text');
    log.info('sign in at', 'https://as.example/authorize?state=topsecret');
    expect(written).toEqual(['mcp-proxy: info: sign in at https://as.example/authorize?state=topsecret\n']);
  });
});

describe('as JSON', () => {
  it('an event is one object a line: time, level, message', () => {
    const { log, written } = logged('json');
    for (const level of LEVELS) log[level](`${level} ${NASTY}`);
    expect(written).toHaveLength(LEVELS.length);
    for (const [i, level] of LEVELS.entries()) {
      const { time, ...rest } = objectIn(written[i]);
      expect(rest).toEqual({ level, msg: `${level} ${HARMLESS}` });
      expect(new Date(time as string).toISOString()).toBe(time);
    }
  });

  it('an address to open is a member of its own', () => {
    const { log, written } = logged('json');
    log.info('sign in at', 'https://as.example/authorize?a="b"\n');
    log.warn('sign in again at', 'https://as.example/');
    expect(objectIn(written[0])).toMatchObject({ msg: 'sign in at', url: 'https://as.example/authorize?a="b"' });
    expect(objectIn(written[1])).toMatchObject({ level: 'warn', url: 'https://as.example/' });
  });
});

describe('the name of a server', () => {
  it('is a member of its events as JSON', () => {
    const { log, written } = logged('json', 'info', { server: 'one' });
    log.info('connected', 'https://one.example/');
    expect(objectIn(written[0])).toMatchObject({ msg: 'connected', server: 'one', url: 'https://one.example/' });
    expect(objectIn(announcement('signed in', 'json', 'one'))).toMatchObject({ msg: 'signed in', server: 'one' });
    const error = new ProxyError('failed', 'no', { hint: 'yes' });
    expect(objectIn(farewell(error, 'json', String, 'one'))).toMatchObject({ msg: 'no', server: 'one', hint: 'yes' });
  });

  it('begins its lines where they need one', () => {
    const named = logged('text', 'info', { server: 'one', named: true });
    named.log.info('connected');
    expect(named.written).toEqual(['mcp-proxy: info: one: connected\n']);
    const alone = logged('text', 'info', { server: 'one' });
    alone.log.info('connected');
    expect(alone.written).toEqual(['mcp-proxy: info: connected\n']);
    const process = logged('text', 'info', { named: true });
    process.log.info('connected');
    expect(process.written).toEqual(['mcp-proxy: info: connected\n']);
  });
});

describe.each(['text', 'json'] as const)('as %s', (format) => {
  it.each([...LEVELS.entries()])('level %i is where %s begins', (from, level) => {
    const { log, written } = logged(format, level);
    for (const own of LEVELS) log[own]('an event');
    expect(written).toHaveLength(LEVELS.length - from);
  });

  it('a line has an end', () => {
    const { log, written } = logged(format);
    log.debug('x'.repeat(100_000));
    expect(written[0]?.length).toBeLessThan(8_200);
  });
});

describe('what is announced', () => {
  it('is written as it is', () => {
    expect(announcement('listening on http://127.0.0.1:8080', 'text')).toMatch(
      /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z mcp-proxy: info: listening on http:\/\/127\.0\.0\.1:8080\n$/,
    );
    expect(objectIn(announcement('client token: topsecret', 'json'))).toMatchObject({
      level: 'info',
      msg: 'client token: topsecret',
      time: expect.any(String),
    });
  });
});

describe('last words', () => {
  const error = new ProxyError('unreachable', 'port 8080\nis taken', { hint: 'take\nanother' });

  it('are an error and a hint for people', () => {
    expect(farewell(error, 'text')).toBe('mcp-proxy: port 8080 is taken\nhint: take another\n');
    expect(farewell(new ProxyError('internal', 'broken'), 'text')).toBe('mcp-proxy: broken\n');
  });

  it('are one object for programs', () => {
    const { time, ...rest } = objectIn(farewell(error, 'json'));
    expect(rest).toEqual({ level: 'error', msg: 'port 8080 is taken', hint: 'take another' });
    expect(new Date(time as string).toISOString()).toBe(time);
    expect(objectIn(farewell(new ProxyError('internal', 'broken'), 'json'))).not.toHaveProperty('hint');
  });
});

it('the last output about a fault of the program says where it is, without secrets', () => {
  const fault = new Unexpected(new TypeError('no method on s3cr3t-value'));
  const text = farewell(fault, 'text', (said) => said.replaceAll('s3cr3t-value', '***'));
  expect(text).toMatch(
    /^mcp-proxy: internal error, please report it: TypeError: no method on \*\*\* .*stderr-log\.test/,
  );
  expect(text.split('\n')).toHaveLength(2);
  expect(fault.message).toBe('internal error, please report it');
});
