// The short way for a start without flags: it finds what the parser finds, or leaves the arguments to the parser.
import { describe, expect, it } from 'vitest';
import { plainStart } from '../../../../src/cli/flags/plain-start.ts';
import { actionOf, URL_TEXT } from './arguments.ts';

describe('the same action as the parser', () => {
  it.each([
    URL_TEXT,
    'https://host.example',
    'https://host.example/',
    'https://host.example:8443/a/b.c/mcp',
    'https://HOST.example/mcp/',
    'https://host.example/mcp?tenant=7&key=abc%20def',
    'https://host.example/mcp?api_key=topsecretvalue',
    'https://xn--bcher-kva.example/mcp',
    'http://localhost:3000/mcp',
    'http://127.0.0.1:3000/sse',
    'http://[::1]:3000/mcp',
  ])('%s', (text) => {
    const action = plainStart([text]);
    expect(action).toBeDefined();
    expect(action).toEqual(actionOf([text]));
  });
});

describe('left to the parser', () => {
  it.each<[what: string, argv: readonly string[]]>([
    ['nothing', []],
    ['a flag', ['--help']],
    ['a flag after the URL', [URL_TEXT, '--quiet']],
    ['a subcommand', ['login', URL_TEXT]],
    ['a command', ['--', 'node', 'server.js']],
    ['a word', ['server.js']],
    ['another scheme', ['ws://host.example/mcp']],
    ['an http: URL that is not loopback', ['http://host.example/mcp']],
    ['user info', ['https://user:topsecret@host.example/mcp']],
    ['a fragment', [`${URL_TEXT}#part`]],
    ['quotes', [`"${URL_TEXT}"`]],
    ['a line end', [`${URL_TEXT}\n`]],
    ['a placeholder', ['https://host.example/${PATH}']],
    ['the scheme twice', ['https://https://host.example/mcp']],
    ['the scheme twice, and a colon lost', ['https://https//host.example/mcp']],
    ['a flag behind a blank', [`${URL_TEXT} --quiet`]],
    ['a port that is none', ['https://host.example:99999/mcp']],
    ['letters beyond ASCII', ['https://bücher.example/mcp']],
  ])('%s', (_what, argv) => {
    expect(plainStart(argv)).toBeUndefined();
  });
});
