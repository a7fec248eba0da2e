import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { entryArguments } from '../../../../../src/cli/commands/install/entry-arguments.ts';
import { readTokens } from '../../../../../src/cli/flags/words.ts';
import { hostNamed } from '../../../../../src/hosts/table.ts';

interface Given {
  readonly host?: string;
  readonly env?: Record<string, string>;
  readonly shared?: boolean;
  readonly basic?: string;
  readonly url?: string;
}

const CWD = path.resolve('/work');

function written(
  flags: readonly string[],
  { host = 'cursor', env = {}, shared = false, basic, url = 'https://server.example/mcp' }: Given = {},
) {
  const from = { host: hostNamed(host) ?? expect.unreachable(host), env, cwd: CWD, shared };
  return entryArguments(new URL(url), readTokens([...flags]).flags, basic, from);
}

/** Arguments after the URL, and variables. */
function parts(flags: readonly string[], given?: Given): [readonly string[], Record<string, string>] {
  const { args, env } = written(flags, given);
  return [args.slice(1), env];
}

describe('arguments of an entry', () => {
  it.each<[string[], string[], Record<string, string>]>([
    [[], [], {}],
    [['--yes', '--name', 'x', '--project=false', '--print'], [], {}],
    [['--allow-http', '--log-level=debug'], ['--allow-http', '--log-level', 'debug'], {}],
    [['--ca', 'ca.pem', '--key', '/k.pem'], ['--ca', path.join(CWD, 'ca.pem'), '--key', path.resolve('/k.pem')], {}],
    [
      ['-H', 'Authorization: Bearer abc'],
      ['--header', 'Authorization:${MCP_PROXY_AUTHORIZATION}'],
      { MCP_PROXY_AUTHORIZATION: 'Bearer abc' },
    ],
    [
      ['-H', 'X-Key:a', '-H', 'x-key: b', '-H', 'X.Key: a'],
      [
        '--header',
        'X-Key:${MCP_PROXY_X_KEY}',
        '--header',
        'x-key:${MCP_PROXY_X_KEY_2}',
        '--header',
        'X.Key:${MCP_PROXY_X_KEY}',
      ],
      { MCP_PROXY_X_KEY: 'a', MCP_PROXY_X_KEY_2: 'b' },
    ],
    [
      ['--static-oauth-client-info', '{"client_id": "i", "client_secret": "s", "private_key_file": "k.pem"}'],
      [
        '--static-oauth-client-info',
        JSON.stringify({
          client_id: 'i',
          client_secret: '${MCP_PROXY_CLIENT_SECRET}',
          private_key_file: path.join(CWD, 'k.pem'),
        }),
      ],
      { MCP_PROXY_CLIENT_SECRET: 's' },
    ],
    [
      ['--static-oauth-client-metadata', '@client.json'],
      ['--static-oauth-client-metadata', `@${path.join(CWD, 'client.json')}`],
      {},
    ],
  ])('%j', (flags, args, env) => {
    expect(parts(flags)).toEqual([args, env]);
  });

  it('have the credentials of the URL as a header', () => {
    expect(parts([], { basic: 'Basic dTpw' })).toEqual([
      ['--header', 'Authorization:${MCP_PROXY_AUTHORIZATION}'],
      { MCP_PROXY_AUTHORIZATION: 'Basic dTpw' },
    ]);
  });

  it('keep placeholders, with the variables that are set now', () => {
    const flags = ['-H', 'A: Bearer ${TOKEN}', '-H', 'B: ${env:OTHER} ${UNSET:-x}', '-H', 'C: ${constructor:-x}'];
    expect(parts(flags, { env: { TOKEN: 't', OTHER: 'o', MORE: 'm' } })).toEqual([
      ['--header', 'A:Bearer ${TOKEN}', '--header', 'B:${env:OTHER} ${UNSET:-x}', '--header', 'C:${constructor:-x}'],
      { TOKEN: 't', OTHER: 'o' },
    ]);
  });

  it('have the variables that the program reads, where the host does not pass them on', () => {
    const env = { HTTPS_PROXY: 'http://proxy:3128', no_proxy: 'x', NODE_EXTRA_CA_CERTS: '/ca.pem' };
    expect(parts(['--enable-proxy'], { host: 'codex', env })[1]).toEqual(env);
    expect(parts([], { host: 'codex', env })[1]).toEqual({ NODE_EXTRA_CA_CERTS: '/ca.pem' });
    expect(written([], { host: 'codex', env }).notes).toEqual([
      'NODE_EXTRA_CA_CERTS is copied into the entry: Codex does not pass it on to servers',
    ]);
    expect(parts([], { host: 'codex', env, url: 'http://localhost:3000/mcp' })[1]).toEqual({});
    expect(parts(['--enable-proxy'], { host: 'cursor', env })[1]).toEqual({});
  });

  it.each([
    ['gemini', 'pa$word'],
    ['claude-code', 'a${b}'],
    ['cursor', 'a${env:b}'],
    ['opencode', 'a{env:b}'],
  ])('are refused where %s would change a secret', (host, secret) => {
    const env = { SECRET: secret };
    const found = written(['-H', 'X-Key: ${SECRET}'], { host, env });
    expect(found.env).toEqual({});
    expect(found.notes).toEqual([expect.stringContaining('must be started with SECRET in its environment')]);
  });

  it('name the flag to write where the host would change a secret that is in a flag', () => {
    expect(() => written(['-H', 'X-Key: pa$word'], { host: 'gemini' })).toThrow(
      expect.objectContaining({
        code: 'usage',
        data: {
          hint: "-H 'X-Key: ${MCP_PROXY_X_KEY}', with MCP_PROXY_X_KEY set here and in the environment of Gemini CLI",
        },
      }),
    );
  });

  it('have no secrets where others read them', () => {
    expect(parts(['-H', 'X-Region: eu', '-H', 'A: ${T}'], { shared: true, env: { T: 't' } })).toEqual([
      ['--header', 'X-Region:eu', '--header', 'A:${T}'],
      {},
    ]);
    for (const name of ['Authorization', 'X-Api-Key', 'Cookie', 'x-token']) {
      expect(() => written(['-H', `${name}: abc`], { shared: true })).toThrow(
        expect.objectContaining({ code: 'usage' }),
      );
    }
  });

  it('name every secret for redaction', () => {
    const { secrets } = written(['-H', 'Authorization: Bearer abcdef', '-H', 'B: ${T}'], {
      env: { T: 'Bearer ghijkl' },
    });
    expect(secrets).toEqual(expect.arrayContaining(['Bearer abcdef', 'abcdef', 'Bearer ghijkl', 'ghijkl']));
  });
});
