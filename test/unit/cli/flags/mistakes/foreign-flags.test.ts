// Flags of other programs: the hint for each, that docs/migrating.md says the same, and that a start does not load the
// hints.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseArguments } from '../../../../../src/cli/flags/args.ts';
import { explain } from '../../../../../src/cli/flags/mistakes/explain.ts';
import { foreignFlags } from '../../../../../src/cli/flags/mistakes/foreign-flags.ts';
import { OPTIONS } from '../../../../../src/cli/flags/options.ts';
import { UnexplainedMistake } from '../../../../../src/cli/flags/usage-error.ts';
import { PROXY_BIN } from '../../../../peers/proxy.ts';
import { refusal, URL_TEXT } from '../arguments.ts';

const ROOT = path.join(path.dirname(PROXY_BIN), '..');

/** Every flag of the programs, from their sources: mcp-remote 0.15.1, supergateway 4.0.0, mcp-proxy 0.13.0 (PyPI) and 6.7.19 (npm). */
const PROGRAMS: Readonly<Record<string, string>> = {
  'mcp-remote':
    '--header --header-file --transport --protocol --allow-http --host --callback-path --auth-success-url --auth-timeout --device-code --client-credentials --token-endpoint --static-oauth-client-info --static-oauth-client-metadata --client-metadata-url --resource --disable-resource-parameter --authorize-param --use-id-token --ignore-tool --enable-proxy --disable-cookies --keep-alive --ping-interval --connect-timeout --headers-timeout --body-timeout --ipv4 --debug --silent --help --version',
  supergateway:
    '--stdio --sse --streamableHttp --outputTransport --port --baseUrl --ssePath --messagePath --streamableHttpPath --header --oauth2Bearer --logLevel --cors --healthEndpoint --stateful --sessionTimeout --protocolVersion --help --version',
  'mcp-proxy of sparfenyuk':
    '--headers --client-id --client-secret --token-url --username --password --digest --verify-ssl --no-verify-ssl --env -e --cwd --pass-environment --no-pass-environment --log-level --debug --no-debug --named-server --named-server-config --port --host --stateless --no-stateless --sse-port --sse-host --allow-origin --expose-header --help --version',
  'mcp-proxy of punkpeye':
    '--apiKey --connectionTimeout --corsAddAllowedHeader --debug --endpoint --eventStore --no-eventStore --eventStoreMaxEvents --gracefulShutdownTimeout --host --keepAliveTimeout --maxBodySize --modern --no-modern --port --requestTimeout --server --sessionIdleTimeout --shell --sseEndpoint --sslCa --sslCert --sslKey --stateless --streamEndpoint --tunnel --tunnelSubdomain --upstreamProtocol --help --version',
};

/** Flags that exist here too, with another meaning. */
const ANOTHER_MEANING = [
  'mcp-proxy of sparfenyuk --host',
  'mcp-proxy of punkpeye --host',
  'mcp-proxy of punkpeye --server',
];

const isOurs = (flag: string): boolean => OPTIONS.some(({ name }) => flag === `--${name}`);

/** The rows of the table below the heading of a program: the flag there, and the flag here. */
function rowsOf(program: string): Map<string, string> {
  const text = readFileSync(path.join(ROOT, 'docs', 'migrating.md'), 'utf8');
  const section = text.split(/^## /m).find((part) => part.startsWith(`${program}\n`)) ?? '';
  return new Map([...section.matchAll(/^\| `([^`]+)` \| (.*?) \|/gm)].map(([, flag = '', here = '']) => [flag, here]));
}

/** The hint for arguments with an unknown flag. */
function hintFor(...argv: string[]): string {
  try {
    parseArguments(argv, {}, () => '');
  } catch (error) {
    if (error instanceof UnexplainedMistake) return explain(error).data.hint ?? '';
    throw error;
  }
  throw new Error(`accepted: ${argv.join(' ')}`);
}

describe.each(Object.entries(PROGRAMS))('%s', (program, list) => {
  const rows = rowsOf(program);

  it.each(list.split(' '))('%s has a row', (flag) => {
    const here = rows.get(flag);
    if (ANOTHER_MEANING.includes(`${program} ${flag}`)) expect(here).toBe('--listen HOST:PORT');
    else if (isOurs(flag)) expect(here).toBe('the same');
    // If the flag is one of ours, its values may have rows of their own.
    else expect(here).toBe(hintFor(URL_TEXT, flag, 'value'));
  });

  it.each([...rows].filter(([flag]) => /^-.* /.test(flag)))('%s has a hint of its own', (written, here) => {
    expect(hintFor(URL_TEXT, ...written.split(' '))).toBe(here);
    expect(hintFor(URL_TEXT, written.replace(' ', '='))).toBe(here);
  });
});

describe('the table', () => {
  it('knows no flag of this program, but for values that it does not have', () => {
    for (const [written] of foreignFlags()) {
      const [flag = '', value] = written.split(' ');
      const option = OPTIONS.find(({ name, short }) => flag === `--${name}` || flag === `-${short}`);
      if (option) expect(option.choices, written).toEqual(expect.not.arrayContaining([value]));
    }
  });

  it('names no flag that does not exist here', () => {
    const names = OPTIONS.map(({ name }) => `--${name}`);
    for (const [written, hint] of foreignFlags()) {
      const named = hint.match(/(?<![\w-])--[a-z][a-z-]*/g) ?? [];
      // An option of Node, not of this program.
      for (const flag of named.filter((f) => f !== '--dns-result-order')) expect(names, written).toContain(flag);
    }
  });

  it('says to each flag something else than what was written', () => {
    for (const [written, hint] of foreignFlags()) expect(hint, written).not.toMatch(new RegExp(`^${written}(\\s|$)`));
  });

  it.each([
    ['--streamable-http', '--streamableHttp'],
    ['--output-transport', '--outputTransport'],
    ['--API-KEY', '--apiKey'],
  ])('%s is %s', (other, flag) => {
    expect(hintFor(URL_TEXT, other, 'x')).toBe(hintFor(URL_TEXT, flag, 'x'));
  });

  it.each(['--something-else', '--all', '-x', '--__proto__', '--constructor', `--${'x'.repeat(100_000)}`])(
    '%s is in none of them',
    (flag) => {
      expect(hintFor(URL_TEXT, flag)).toBe('mcp-proxy --help lists all flags');
    },
  );

  it('keeps the port that was given, and repeats nothing else', () => {
    expect(hintFor(URL_TEXT, '--port', '8000')).toMatch(/^--listen localhost:8000, or --listen :8000 /);
    expect(hintFor(URL_TEXT, '--sse-port=9000')).toContain('localhost:9000');
    expect(hintFor(URL_TEXT, '--port', 'topsecret')).not.toContain('topsecret');
    expect(hintFor(URL_TEXT, '--requestTimeout', '12345')).not.toContain('12345');
  });

  it('does not advise what was just refused', () => {
    expect(hintFor(URL_TEXT, '--debug=false')).toBe('leave it out');
    expect(hintFor(URL_TEXT, '--tunnel', 'false')).toBe('leave it out');
    expect(hintFor(URL_TEXT, '--verify-ssl', 'false')).toContain('--ca FILE');
    expect(hintFor(URL_TEXT, '--something-else=false')).toBe('mcp-proxy --help lists all flags');
  });

  it('is loaded when it is needed, not at the start', () => {
    expect(readFileSync(path.join(ROOT, 'dist', 'mcp-proxy.cjs'), 'utf8')).not.toContain('tunnelSubdomain');
  });
});

describe('what is no flag', () => {
  it('a port behind the URL is that of the redirect URI', () => {
    const here =
      /^expected one URL, but got 2 arguments \| --callback-port 3334; .* --callback-path \/oauth\/callback too$/;
    expect(refusal(URL_TEXT, '3334')).toMatch(here);
    expect(refusal(URL_TEXT, '3334', '-H', 'X-Key: value')).toMatch(here);
    expect(rowsOf('mcp-remote').get('URL PORT')).toBe(
      refusal(URL_TEXT, '3334').split(' | ')[1]?.replace('3334', 'PORT'),
    );
    expect(refusal(URL_TEXT, '70000')).not.toContain('70000');
  });

  it('a number that may be a secret is not repeated', () => {
    for (const cut of ['X-Pin:', 'Authorization:', 'Authorization: Bearer', 'Authorization:Basic']) {
      expect(refusal(URL_TEXT, '-H', cut, '12345')).not.toContain('12345');
    }
  });

  it('a header in two arguments is one here', () => {
    const told = refusal('-H', 'Authorization', 'Bearer topsecret', URL_TEXT);
    expect(told).toMatch(/KEY:VALUE \| name and value in one argument: -H "Authorization: Bearer \$\{TOKEN\}"/);
    expect(told).not.toContain('topsecret');
  });

  it.each([
    [['uvx', 'mcp-server-fetch']],
    [['npx', '-y', 'some-server', '/path']],
    [['node', 'server.js', '--listen']],
    [['./server', '--port', '1']],
    [['/usr/bin/python3', '-m', 'server']],
    [['C:\\tools\\server.exe', 'stdio']],
    [['--listen', ':8080', 'docker', 'run', '-i', 'image']],
  ])('a command is a local server: %j', (argv) => {
    expect(refusal(...argv)).toMatch(
      /^a command goes after -- \| mcp-proxy -- (?:uvx|npx|node|docker|COMMAND) \.\.\.$/,
    );
  });

  it('a flag in front of a command is one of the proxy', () => {
    expect(refusal('--port', '8080', '--', 'uvx', 'server')).toMatch(/^unknown flag "--port" \|/);
  });

  it.each(['npx.example.com/mcp', 'node:3000', 'python.example', 'go.example/mcp'])(
    '%s is a URL without its scheme',
    (text) => {
      expect(refusal(text)).toMatch(/^(?:the URL has no scheme|the first argument is not a URL) \|/);
    },
  );
});
