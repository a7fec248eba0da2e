// The flags of replicas: the store that they share, and the key that seals what is in it.
import { describe, expect, it } from 'vitest';
import { actionOf, configOf, refusal, refusalWith, URL_TEXT } from '../arguments.ts';

const KEY = 'topsecret-0123456789abcdef0123456789';
const FILES = { 'state.key': `${KEY}\n  older-${KEY}\n`, 'short.key': 'topsecret\n', empty: '' };
const STORE = { tls: false, host: 'store', port: 6379, username: undefined, password: undefined, database: 0 };

it('without them, the process is alone', () => {
  expect(configOf(URL_TEXT, '-l:0').listen?.state).toBeUndefined();
});

it('name a store and a key, whose secrets are known as such', () => {
  const action = actionOf([URL_TEXT, '-l:0', '--state', 'rediss://user:${TOKEN}@store:7000/2', '--state-key', KEY]);
  if (action.kind !== 'run') throw new Error(action.kind);
  const address = { tls: true, host: 'store', port: 7000, username: 'user', password: 'topsecret', database: 2 };
  expect(action.config.listen?.state).toEqual({ address, keys: [KEY], secrets: [KEY, 'topsecret'] });
  expect(action.secrets).toEqual(expect.arrayContaining([KEY, 'topsecret']));
});

it('take several keys from a file, the newest first', () => {
  const action = actionOf([URL_TEXT, '-l:0', '--state', 'redis://store', '--state-key', '@state.key'], FILES);
  if (action.kind !== 'run') throw new Error(action.kind);
  expect(action.config.listen?.state).toMatchObject({ address: STORE, keys: [KEY, `older-${KEY}`] });
});

it('also go with accept, which changes what the replicas have pinned', () => {
  const action = actionOf(['accept', URL_TEXT, '--state', 'redis://store', '--state-key', KEY]);
  expect(action).toMatchObject({ kind: 'accept', state: { address: STORE, keys: [KEY] } });
  const local = actionOf(['accept', '--state', 'redis://store', '--state-key', KEY, '--', 'server']);
  expect(local).toMatchObject({ kind: 'accept', state: { address: STORE, keys: [KEY] } });
});

describe('are refused', () => {
  const state = ['--state', 'redis://store'];
  it.each<[string, string[], RegExp]>([
    ['without --listen', [...state, '--state-key', KEY], /^--state is given without --listen \| /],
    ['without a key', ['-l:0', ...state], /^--state is given without --state-key \| openssl rand /],
    ['without a store', ['-l:0', '--state-key', KEY], /^--state-key is given without --state \| /],
    ['with a short key', ['-l:0', ...state, '--state-key', 'topsecret'], /^--state-key is too short \| /],
    ['with a URL of another kind', ['-l:0', '--state', 'https://topsecret', '--state-key', KEY], /redis:\/\/\[USER/],
    [
      'with a keychain',
      ['-l:0', ...state, '--state-key', KEY, '--credential-store', 'keychain'],
      /cannot be used together/,
    ],
  ])('%s', (_, flags, expected) => {
    const told = refusal(URL_TEXT, ...flags);
    expect(told).toMatch(expected);
    expect(told).not.toContain('topsecret');
  });

  it.each(['short.key', 'empty', 'missing'])('with a file that holds no key: %s', (name) => {
    const told = refusalWith(FILES, URL_TEXT, '-l:0', ...state, '--state-key', `@${name}`);
    expect(told).toContain(name);
    expect(told).not.toContain('topsecret');
  });
});
