// Placeholders, including those of other hosts: expanded or refused before anything is sent, in every value that may
// contain them.
import { describe, expect, it } from 'vitest';
import { opened } from '../peers/opened.ts';
import { startProxy } from '../peers/proxy.ts';
import { startScripted } from '../peers/scripted.ts';
import { actionOf, configOf, refusal, refusalWith, serverOf, URL_TEXT } from '../unit/cli/flags/arguments.ts';

const INFO = '--static-oauth-client-info';
const METADATA = '--static-oauth-client-metadata';

/** Every way to give a text in which placeholders are expanded, and where it ends up. */
const PLACES: [string, (text: string) => string[], (argv: string[]) => unknown][] = [
  ['--header', (text) => ['-H', `X: ${text}`], (argv) => serverOf(URL_TEXT, ...argv).headers[0]?.[1]],
  [
    '--client-token',
    (text) => ['--listen', ':0', '--client-token', text],
    (argv) => configOf(URL_TEXT, ...argv).listen?.clientToken,
  ],
  [
    INFO,
    (text) => [INFO, JSON.stringify({ client_id: 'id', client_secret: text })],
    (argv) => serverOf(URL_TEXT, ...argv).auth.clientInfo?.client_secret,
  ],
  [
    METADATA,
    (text) => [METADATA, JSON.stringify({ software_statement: text })],
    (argv) => serverOf(URL_TEXT, ...argv).auth.clientMetadata.software_statement,
  ],
];

describe.each(PLACES)('in %s', (_, give, read) => {
  it.each([
    ['${TOKEN}', 'topsecret'],
    ['${env:TOKEN}', 'topsecret'],
    ['${TOKEN:-other}', 'topsecret'],
    ['${MISSING:-other}', 'other'],
    ['${EMPTY:-other}', 'other'],
    ['a${env:TOKEN}b${MISSING:--}c', 'atopsecretb-c'],
    ['a${MISSING:-}b', 'ab'],
  ])('%s is expanded', (text, expected) => {
    expect(read(give(text))).toBe(expected);
  });

  it.each([
    ['${MISSING}', 'uses ${MISSING}, which is not set | set MISSING in the environment'],
    ['${env:MISSING}', 'uses ${env:MISSING}, which is not set | set MISSING in the environment'],
    ['${EMPTY}', 'uses ${EMPTY}, which is empty | set EMPTY in the environment'],
    ['${env:EMPTY}', 'uses ${env:EMPTY}, which is empty | set EMPTY in the environment'],
    ['${workspaceFolder}', 'uses ${workspaceFolder}, which is not set | write the path itself'],
    ['${userHome}', 'uses ${userHome}, which is not set | write the path itself'],
    ['${input:token}', 'uses ${input:token}, which is not one of ', 'write ${TOKEN}'],
    ['${input:github-token}', '${input:github-token}', 'write ${GITHUB_TOKEN}, and set GITHUB_TOKEN'],
    ['${command:pick.one}', '${command:pick.one}', 'write ${PICK_ONE}'],
    ['${config:a.b}', '${config:a.b}', 'write ${A_B}'],
    ['${env:TOKEN:-other}', '${env:TOKEN:-…}', 'write ${TOKEN}'],
    ['${ENV:TOKEN}', '${ENV:TOKEN}', 'write ${TOKEN}'],
    ['${TOKEN-other}', '${TOKEN-other}', 'write ${NAME},'],
    ['${TOKEN:?other}', '${TOKEN:?other}', 'write ${'],
    ['${TOKEN:-${OTHER}}', '${TOKEN:-${OTHER}}', 'write ${TOKEN}'],
    ['${TOKEN:-{x}}', '${TOKEN:-…', 'write ${TOKEN}'],
    ['${${TOKEN}}', '${${TOKEN}}', 'write ${NAME},'],
    ['$${input:token}', '${input:token}', 'write ${TOKEN}'],
    ['${}', '${}', 'write ${NAME},'],
    ['${1}', '${1}', 'write ${NAME},'],
    ['${ TOKEN }', '${ TOKEN }', 'write ${NAME},'],
    ['${TÖKEN}', '${TÖKEN}', 'write ${'],
    ['${TOKEN', '${TOKEN…', 'write ${TOKEN}'],
    ['x${', '${…', 'write ${NAME},'],
    ['${TOKEN}${input:x}', '${input:x}', 'write ${X},'],
  ])('%s is refused and quoted', (text, ...expected) => {
    const told = refusal(URL_TEXT, ...give(text));
    for (const part of expected) expect(told).toContain(part);
    // The variable is set, so there is nothing left for the user to do.
    expect(told).not.toContain('set TOKEN');
    expect(told).not.toContain('topsecret');
  });

  it.each([
    ['$TOKEN', 'write ${TOKEN}'],
    ['$EMPTY', 'write ${EMPTY}, and set EMPTY'],
    ['%TOKEN%', 'write ${TOKEN}'],
    ['$env:Token', 'write ${Token}, and set Token'],
    ['Bearer $API_TOKEN', 'write ${API_TOKEN}, and set API_TOKEN'],
  ])('%s, a variable of a shell, is refused', (text, hint) => {
    const told = refusal(URL_TEXT, ...give(text));
    // No client token contains a scheme.
    if (!(give('').includes('--client-token') && text.includes(' ')))
      expect(told).toContain(`which is not expanded here | ${hint}`);
    expect(told).not.toContain('set TOKEN');
    expect(told).not.toContain('topsecret');
  });

  it.each(['${1:-topsecret}', '${A:-${B:-topsecret}}', '${A:-topsecret', '${A topsecret'])(
    '%s is quoted without what may be a secret',
    (text) => {
      const told = refusal(URL_TEXT, ...give(text));
      expect(told).toContain('${');
      expect(told).not.toContain('topsecret');
    },
  );

  it('a default and a variable are secrets, and what a variable holds is not expanded again', () => {
    for (const text of ['${env:TOKEN}', '${MISSING:-topsecret}']) {
      const action = actionOf([URL_TEXT, ...give(text)]);
      expect(action.kind === 'run' && action.secrets).toContain('topsecret');
    }
  });
});

it('what a variable holds is not expanded again', () => {
  expect(serverOf(URL_TEXT, '-H', 'X: ${NESTED}').headers).toEqual([['X', '${TOKEN}']]);
  expect(serverOf(URL_TEXT, '-H', 'X: $${TOKEN}').headers).toEqual([['X', '$topsecret']]);
});

it('a header is empty after an empty default', () => {
  expect(refusal(URL_TEXT, '-H', 'X: ${MISSING:-}')).toMatch(/^--header X has no value/);
  expect(refusal(URL_TEXT, '-H', 'Authorization: Bearer ${MISSING:-}')).toMatch(
    /^--header Authorization has nothing after/,
  );
});

it('a placeholder is expanded in the name of a file, and in its content only if that is JSON', () => {
  const files = { 'topsecret/a': 'word', topsecret: '${TOKEN}', 'topsecret.json': '{"client_id":"${env:TOKEN}"}' };
  const listen = ['--listen', ':0', '--client-token'];
  const action = actionOf([URL_TEXT, ...listen, '@${TOKEN}/a', INFO, '@${TOKEN}.json'], files);
  expect(action).toMatchObject({
    config: { listen: { clientToken: 'word' }, servers: [{ auth: { clientInfo: { client_id: 'topsecret' } } }] },
  });
  expect(refusalWith(files, URL_TEXT, ...listen, '@topsecret')).toMatch(/contains no token/);
  expect(refusalWith({ f: '{"client_id":"${input:x}"}' }, URL_TEXT, INFO, '@f')).toContain('${input:x}');
});

it('a variable is read as a token, never as the name of a file', () => {
  expect(refusal(URL_TEXT, '--listen', ':0', '--client-token', '${MISSING:-@file}')).toMatch(
    /^invalid value for --client-token(?:: ".*")?/,
  );
});

describe('a placeholder where none is expanded is refused and quoted', () => {
  it.each<[string, string[]]>([
    ['the URL', ['https://host.example/mcp?key=${KEY}']],
    ['the URL', ['https://${input:host}/mcp']],
    ['the URL', ['${URL}']],
    ['--resource', [URL_TEXT, '--resource', 'https://host.example/${env:TENANT}']],
    ['--authorize-param', [URL_TEXT, '--authorize-param', 'login_hint=${input:user}']],
    ['--profile', [URL_TEXT, '--profile', '${NAME}']],
    ['--ca', [URL_TEXT, '--ca', '${workspaceFolder}/ca.pem']],
    ['--transport', [URL_TEXT, '--transport', '${input:transport}']],
    ['--allowed-host', [URL_TEXT, '--listen', ':0', '--allowed-host', '${HOST}']],
  ])('%s: %j', (where, argv) => {
    const [placeholder] = /\$\{[^}]*\}/.exec(argv.join(' ')) ?? [];
    const told = refusal(...argv);
    expect(told).toMatch(new RegExp(`^${where} contains \\$\\{`));
    expect(told).toContain(placeholder);
  });
});

const open = opened();

it('the program sends nothing, and ends with status 2', async () => {
  const seen: string[] = [];
  const server = await open(
    startScripted('/mcp', ({ path }, res) => {
      seen.push(path);
      res.end();
    }),
  );
  const proxy = startProxy(server.url, ['--header', 'Authorization: Bearer ${input:token}']);
  expect(await proxy.exit()).toEqual({ code: 2, signal: null });
  expect(proxy.stderr).toContain('mcp-proxy: --header Authorization uses ${input:token}, which is not one of');
  expect(proxy.stderr).toContain('\nhint: write ${TOKEN}, and set TOKEN in the environment\n');
  expect(seen).toEqual([]);
});
