// Other things in the place of the URL: each kind of mistake gets a sentence of its own, and says what to type.
import { describe, expect, it } from 'vitest';
import { explainCommand } from '../../../../src/cli/flags/mistakes/command.ts';
import { severalUrls } from '../../../../src/cli/flags/mistakes/surplus.ts';
import { isCommand } from '../../../../src/cli/flags/pasted-command.ts';
import { readUrl } from '../../../../src/cli/flags/url-argument.ts';
import { ProxyError } from '../../../../src/errors.ts';
import { explained } from './arguments.ts';

function told(error: unknown): string {
  if (!(error instanceof ProxyError)) throw error;
  const { message, data } = explained(error);
  return `${message} | ${data.hint}`;
}

/** What is wrong with words that are a command; undefined for other words. */
function pastedCommand(words: readonly string[]): ProxyError | undefined {
  return isCommand(words) ? explainCommand(words) : undefined;
}

function refusal(text: string): string {
  try {
    readUrl(text);
  } catch (error) {
    return told(error);
  }
  throw new Error(`accepted: ${text}`);
}

const EXAMPLE = 'https://server.example/mcp';

describe('quotes and blanks of their own around the URL are left out', () => {
  it.each([
    `"${EXAMPLE}"`,
    `'${EXAMPLE}'`,
    `\`${EXAMPLE}\``,
    `“${EXAMPLE}”`,
    `‘${EXAMPLE}’`,
    `<${EXAMPLE}>`,
    ` ${EXAMPLE}\n`,
  ])('%j', (text) => expect(readUrl(text).href).toBe(EXAMPLE));
});

describe('the scheme', () => {
  it.each([
    ['https:/api.test/mcp', 'the URL has one slash after https:, not two | type https://api.test/mcp'],
    ['http:/localhost:3000/mcp', 'the URL has one slash after http:, not two | type http://localhost:3000/mcp'],
    ['https:api.test/mcp', 'the URL has no slashes after https:, not two | type https://api.test/mcp'],
    ['HTTPS:/api.test/mcp', 'the URL has one slash after https:, not two | type https://api.test/mcp'],
    ['https//api.test/mcp', 'the URL has no colon after https | type https://api.test/mcp'],
    ['http//127.0.0.1:3000', 'the URL has no colon after http | type http://127.0.0.1:3000/'],
    ['https:\\\\api.test\\mcp', 'the URL has backslashes | type https://api.test/mcp'],
    ['htps://api.test/mcp', 'the URL begins with "htps" instead of https: | type https://api.test/mcp'],
    ['htttps://api.test/mcp', 'the URL begins with "htttps" instead of https: | type https://api.test/mcp'],
    ['htttp://api.test/mcp', 'the URL begins with "htttp" instead of http: | type http://api.test/mcp'],
    ['ttps://api.test/mcp', 'the URL begins with "ttps" instead of https: | type https://api.test/mcp'],
    ['htps//api.test/mcp', 'the URL begins with "htps" instead of https: | type https://api.test/mcp'],
    ['httpss:/api.test/mcp', 'the URL begins with "httpss" instead of https: | type https://api.test/mcp'],
    ['https://https://api.test/mcp', 'the URL has its scheme twice | type it once: https://api.test/mcp'],
    ['https://http//localhost:1/mcp', 'the URL has its scheme twice | type it once: http://localhost:1/mcp'],
    [
      'wss://api.test/mcp',
      'the URL begins with wss:, but MCP has no WebSocket transport | use the HTTP address of the server: https://api.test/mcp',
    ],
    [
      'ws://localhost:3000/mcp',
      'the URL begins with ws:, but MCP has no WebSocket transport | use the HTTP address of the server: http://localhost:3000/mcp',
    ],
    ['ftp://api.test/mcp', 'the URL begins neither with https: nor with http: | type https://api.test/mcp'],
    ['mcp://api.test/mcp', 'the URL begins neither with https: nor with http: | type https://api.test/mcp'],
    ['api.test/mcp', 'the URL has no scheme | type https://api.test/mcp'],
    ['api.test:8443/v1/mcp', 'the URL has no scheme | type https://api.test:8443/v1/mcp'],
    ['//api.test/mcp', 'the URL has no scheme | type https://api.test/mcp'],
    ['://api.test/mcp', 'the URL has no scheme | type https://api.test/mcp'],
    ['localhost:3000/sse', 'the URL has no scheme | type http://localhost:3000/sse'],
    ['127.0.0.1:3000/mcp', 'the URL has no scheme | type http://127.0.0.1:3000/mcp'],
    ['[::1]:3000/mcp', 'the URL has no scheme | type http://[::1]:3000/mcp'],
  ])('%s', (text, expected) => expect(refusal(text)).toBe(expected));

  it.each([
    ['api.test', 'the URL has no scheme | put https:// in front of the host name'],
    ['localhost:3000', 'the URL has no scheme | put http:// in front of the host name'],
    ['localhost.evil.test', 'the URL has no scheme | put https:// in front of the host name'],
    ['tok.topsecret', 'the URL has no scheme | put https:// in front of the host name'],
    ['api.test/topsecret/mcp', 'the URL has no scheme | put https:// in front of the host name'],
    ['api.test/mcp?key=topsecret', 'the URL has no scheme | put https:// in front of the host name'],
    [
      'user:topsecret@api.test/mcp',
      `the first argument is not a URL | expected a URL such as ${EXAMPLE}; put values with spaces in quotes`,
    ],
    ['https:/topsecret', `the URL has one slash after https:, not two | type ${EXAMPLE}`],
    [
      'htps://user:topsecret@api.test/mcp?k=topsecret',
      'the URL begins with "htps" instead of https: | type https://api.test/mcp?k=***',
    ],
    [
      'wss://api.test/mcp?k=topsecret',
      'the URL begins with wss:, but MCP has no WebSocket transport | use the HTTP address of the server: https://api.test/mcp?k=***',
    ],
    ['https:/$(topsecret).test/mcp', `the URL has one slash after https:, not two | type ${EXAMPLE}`],
    [
      'javascript:topsecret()',
      `the first argument is not a URL | expected a URL such as ${EXAMPLE}; put values with spaces in quotes`,
    ],
  ])('and what may be a secret is not repeated: %s', (text, expected) => {
    expect(refusal(text)).toBe(expected);
    expect(refusal(text)).not.toContain('topsecret');
  });
});

describe('something else', () => {
  const JSON_MISTAKE = 'the first argument is the JSON of a configuration, not a URL';
  const E_MAIL = 'the first argument is an e-mail address, not a URL';
  const PATH = 'the first argument is the path of a file, not a URL';
  it.each([
    ['{"mcpServers":{"a":{"url":"https://api.test/mcp"}}}', JSON_MISTAKE, 'mcp-proxy https://api.test/mcp'],
    [
      '"mcpServers": {"a": {"type": "http", "url": "https://u:p@api.test/mcp?k=v"}}',
      JSON_MISTAKE,
      'mcp-proxy https://api.test/mcp?k=***',
    ],
    [
      '{"icon":"https://cdn.test/i.png","serverUrl":"https://api.test/sse"}',
      JSON_MISTAKE,
      'mcp-proxy https://api.test/sse',
    ],
    ['{"command":"npx","args":["mcp-remote","https://api.test/mcp"]}', JSON_MISTAKE, 'mcp-proxy https://api.test/mcp'],
    ['["-y", "mcp-remote", "https://api.test/mcp"]', JSON_MISTAKE, 'mcp-proxy https://api.test/mcp'],
    ['{"mcpServers":{}}', JSON_MISTAKE, `mcp-proxy ${EXAMPLE}`],
    ['{', JSON_MISTAKE, `mcp-proxy ${EXAMPLE}`],
    ['[docs](https://api.test/mcp)', 'the URL is in a Markdown link', 'type it alone: https://api.test/mcp'],
    ['ada@api.test', E_MAIL, `mcp-proxy ${EXAMPLE}`],
    ['./mcp.json', PATH, EXAMPLE],
    ['/etc/mcp.json', PATH, EXAMPLE],
    ['~/mcp.json', PATH, EXAMPLE],
    ['C:\\Users\\ada\\mcp.json', PATH, EXAMPLE],
    ['file:///etc/mcp.json', PATH, EXAMPLE],
    ['server.py', PATH, EXAMPLE],
    ['Authorization: Bearer abc', 'the first argument is a header, not a URL', '-H "Authorization: Bearer ${TOKEN}"'],
    ['Bearer abc', 'the first argument is a header, not a URL', '-H "Authorization: Bearer ${TOKEN}"'],
    [`${EXAMPLE} --header X:abc`, 'the first argument contains more than the URL', `mcp-proxy ${EXAMPLE} --flag`],
    ['logn', 'the first argument is not a URL', 'did you mean login?'],
  ])('%s', (text, message, hint) => {
    const [said, advice] = refusal(text).split(' | ');
    expect(said).toBe(message);
    expect(advice).toContain(hint);
    expect(advice).not.toContain('abc');
  });
});

describe('a command', () => {
  const url = 'https://api.test/mcp';
  it.each([
    ['mcp-remote', ['mcp-remote', url]],
    ['mcp-remote', ['mcp-remote@latest', url, '3334']],
    ['mcp-remote', ['npx', '-y', 'mcp-remote', url, '--header', 'X:abc']],
    ['mcp-remote', ['node', '/opt/node_modules/mcp-remote/dist/proxy.js', url]],
    ['mcp-remote', ['/usr/local/bin/mcp-remote', url]],
    ['mcp-remote', ['node', 'C:\\tools\\mcp-remote\\dist\\proxy.js', url]],
    ['supergateway', ['npx', '-y', 'supergateway', '--sse', url]],
    ['mcp-proxy', ['npx', '-y', '@mikluko/mcp-proxy', url]],
    ['mcp-proxy', ['uvx', 'mcp-proxy', `${url}?`]],
  ])('of %s with a URL is recognised: %j', (name, words) => {
    expect(told(pastedCommand(words))).toBe(
      `this is a command of ${name}, not a URL | the URL comes first: mcp-proxy ${url}`,
    );
  });

  it('is shown without secrets', () => {
    const shown = told(pastedCommand(['npx', 'mcp-remote', 'https://u:topsecret@api.test/mcp?k=topsecret']));
    expect(shown).toContain('mcp-proxy https://api.test/mcp?k=***');
    expect(shown).not.toContain('topsecret');
  });

  it.each([
    [['npx', '-y', 'some-server', url], 'npx'],
    [['node', 'server.js'], 'node'],
    [['/usr/bin/server', '--port', '1'], 'COMMAND'],
    [['npx', '-y', 'mcp-remote'], 'npx'],
  ])('that starts a local server: %j', (words, program) => {
    expect(told(pastedCommand(words))).toBe(`a command goes after -- | mcp-proxy -- ${program} ...`);
  });

  it.each([[[url]], [['mcp-remote.test/mcp']], [['login', url]], [['https://mcp-proxy.test/mcp', url]]])(
    'is something else: %j',
    (words) => expect(pastedCommand(words)).toBeUndefined(),
  );
});

describe('several URLs', () => {
  it.each([
    [['https://a.test', 'https://b.test'], undefined, 'two URLs are given, but one mcp-proxy serves one server'],
    [['https://a.test', '"http://b.test"'], undefined, 'two URLs are given, but one mcp-proxy serves one server'],
    [
      ['https://a.test', 'x', 'https://b.test', 'https://c.test'],
      'login',
      '3 URLs are given, but mcp-proxy login takes one',
    ],
  ])('%j', (targets, subcommand, message) => {
    expect(told(severalUrls(targets, subcommand))).toContain(message);
  });

  it.each([[['https://a.test', 'b']], [['a', 'b']]])('are not given with %j', (targets) => {
    expect(severalUrls(targets, undefined)).toBeUndefined();
  });
});
