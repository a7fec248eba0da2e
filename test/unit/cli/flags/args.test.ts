import { describe, expect, it } from 'vitest';
import { type Action, logFormatIn, parseArguments } from '../../../../src/cli/flags/args.ts';
import { nearest } from '../../../../src/cli/flags/mistakes/nearest.ts';
import { readCommand } from '../../../../src/cli/flags/reading/command.ts';
import { DESCRIBED as OPTIONS } from '../../../../src/cli/help/described-options.ts';
import type { HttpServer, ProcessConfig } from '../../../../src/config.ts';
import { actionOf, configOf, configWith, refusal, URL_TEXT } from './arguments.ts';

const SERVER: HttpServer = {
  kind: 'http',
  name: 'host-example',
  url: new URL(URL_TEXT),
  strategy: 'http-first',
  headers: [],
  forwardHeaders: [],
  ignoreTools: [],
  timeout: 3_600_000,
  allowHttp: false,
  auth: {
    redirectHost: 'localhost',
    callbackPort: undefined,
    callbackPath: '/callback',
    timeout: 30_000,
    resource: undefined,
    profile: undefined,
    clientMetadata: {},
    clientInfo: undefined,
    clientMetadataUrl: undefined,
    grant: 'browser',
    authorizeParameters: [],
    sendResource: true,
    useIdToken: false,
  },
  tls: { ca: undefined, cert: undefined, key: undefined },
};

const PROCESS: ProcessConfig = {
  enableProxy: false,
  credentialStore: 'file',
  logLevel: 'info',
  logFormat: 'text',
  listen: undefined,
};

describe('what works', () => {
  it('without flags, everything has its default', () => {
    expect(configOf(URL_TEXT)).toEqual({ ...PROCESS, servers: [SERVER] });
  });

  it('limits of the server are there only if they are given', () => {
    const { servers } = configOf(URL_TEXT, '--open-timeout', '120', '--max-message', '512');
    expect(servers).toEqual([{ ...SERVER, openTimeout: 120_000, maxMessage: 536_870_912 }]);
  });

  it.each<[string[], Parameters<typeof configWith>[0]]>([
    [[], {}],
    [['--transport', 'http-first'], {}],
    [['--transport', 'sse-first'], { strategy: 'sse-first' }],
    [['--transport=http-only'], { strategy: 'http-only' }],
    [['--transport', 'sse-only'], { strategy: 'sse-only' }],
    [['--log-level', 'debug'], { logLevel: 'debug' }],
    [['--quiet'], { logLevel: 'error', quiet: true }],
    [['-q'], { logLevel: 'error', quiet: true }],
    [['--quiet=false'], {}],
    [['--log-level=info'], { logLevel: 'info' }],
    [['--log-level=warn'], { logLevel: 'warn' }],
    [['--log-level=error'], { logLevel: 'error' }],
    [['--log-format', 'text'], {}],
    [['--credential-store', 'keychain'], { credentialStore: 'keychain' }],
    [['--credential-store=file'], {}],
    [['--log-format=json'], { logFormat: 'json' }],
    [['--allow-http'], { allowHttp: true }],
    [['--allow-http=true'], { allowHttp: true }],
    [['--allow-http=false'], { allowHttp: false }],
    [['--enable-proxy'], { enableProxy: true }],
    [['--ignore-tool', 'delete*'], { ignoreTools: ['delete*'] }],
    [['--ignore-tool=a', '--ignore-tool', 'b=c'], { ignoreTools: ['a', 'b=c'] }],
    [['--ignore-tool', '-x*'], { ignoreTools: ['-x*'] }],
    [['--ignore-tool', '--y'], { ignoreTools: ['--y'] }],
    [['--timeout', '90'], { timeout: 90_000 }],
    [['--header', 'X-Key: value'], { headers: [['X-Key', 'value']] }],
    [['--header=X-Key: value'], { headers: [['X-Key', 'value']] }],
    [['-H', 'X-Key: value'], { headers: [['X-Key', 'value']] }],
    [['-HX-Key: value'], { headers: [['X-Key', 'value']] }],
    [
      ['-H', 'A: 1', '-H', 'a: 2', '--header', 'B:3'],
      {
        headers: [
          ['A', '1'],
          ['a', '2'],
          ['B', '3'],
        ],
      },
    ],
    [['-H', '-odd: -value'], { headers: [['-odd', '-value']] }],
    [
      ['--enable-proxy', '--allow-http', '--log-level', 'warn', '-H', 'a:b'],
      { enableProxy: true, allowHttp: true, logLevel: 'warn', headers: [['a', 'b']] },
    ],
  ])('%j, before and after the URL', (flags, expected) => {
    expect(configOf(URL_TEXT, ...flags)).toEqual(configWith(expected));
    expect(configOf(...flags, URL_TEXT)).toEqual(configWith(expected));
  });

  it.each<[string[], Action['kind']]>([
    [['--help'], 'help'],
    [['-h'], 'help'],
    [['--version'], 'version'],
    [['--help', '--version'], 'help'],
    [[URL_TEXT, '--help'], 'help'],
    [['login', '--help'], 'help'],
    [['--help', '--', 'server'], 'help'],
    [['--listen', ':8080', '--help'], 'help'],
    [['--log-level', 'wrong', '--help'], 'help'],
    [['a', 'b', '-h'], 'help'],
    [['--no-such-flag', '--help'], 'help'],
    [['--help', '--transport'], 'help'],
    [['--help', '--log-level', 'info', '--log-level', 'info'], 'help'],
  ])('%j is answered whatever else is wrong', (argv, kind) => {
    expect(actionOf(argv).kind).toBe(kind);
  });
});

describe('subcommands', () => {
  it.each(['login', 'logout'] as const)('%s takes a URL and the flags of a run', (name) => {
    const config = { ...PROCESS, logLevel: 'debug' };
    const expected = { kind: name, secrets: expect.any(Array), config, server: SERVER };
    expect(actionOf([name, URL_TEXT, '--log-level', 'debug'])).toEqual(expected);
    expect(actionOf(['--log-level', 'debug', name, URL_TEXT])).toEqual(expected);
    expect(refusal(name)).toMatch(new RegExp(`no URL given \\| mcp-proxy ${name} https://`));
    expect(refusal(name, 'host.example')).toMatch(/the URL has no scheme/);
    expect(refusal(name, 'http://host.example')).toMatch(/without encryption/);
    expect(refusal(name, URL_TEXT, URL_TEXT)).toBe(
      `two URLs are given, but mcp-proxy ${name} takes one | run mcp-proxy ${name} once for each URL`,
    );
  });

  it('status takes a URL or none', () => {
    const { kind: _kind, name: _name, url, ...defaults } = SERVER;
    const options = { ...defaults, auth: { ...SERVER.auth, profile: 'work' } };
    const anywhere = { kind: 'status', secrets: expect.any(Array), config: PROCESS, options, url: undefined };
    expect(actionOf(['status', '--profile', 'work'])).toEqual(anywhere);
    expect(actionOf(['status', URL_TEXT, '--profile', 'work'])).toEqual({ ...anywhere, url });
    expect(refusal('status', 'host.example')).toMatch(/the URL has no scheme/);
  });

  it('are words in the place of the URL, not behind it', () => {
    expect(refusal(URL_TEXT, 'login')).toMatch(
      /expected one URL, .* \| the command comes first: mcp-proxy login https:/,
    );
  });
});

describe('flags that are wrong', () => {
  it.each([
    [['--headr', 'a:b'], /unknown flag "--headr" \| did you mean --header\?/],
    [['--transprot', 'x'], /did you mean --transport\?/],
    [['--log-leve=debug'], /unknown flag "--log-leve" \| did you mean --log-level\?/],
    [['--allowhttp'], /did you mean --allow-http\?/],
    [['--ignore-tools', 'x'], /did you mean --ignore-tool\?/],
    [['--something-else'], /unknown flag "--something-else" \| mcp-proxy --help/],
    [['-x'], /unknown flag "-x"/],
    [['--__proto__'], /unknown flag/],
    [['--constructor'], /unknown flag/],
    [['--no-allow-http'], /unknown flag/],
    [['--transport', 'http'], /^invalid value for --transport \| expected one of http-first, /],
    [['--transport', 'sse-frist'], /^invalid value for --transport: "[A-Za-z-]+" \| did you mean sse-first\?/],
    [
      ['--transport', ''],
      /^invalid value for --transport \| expected one of http-first, sse-first, http-only, sse-only/,
    ],
    [['--quiet', '--log-level', 'debug'], /^--quiet and --log-level cannot be used together \| leave one of them out/],
    [['--log-level', 'verbose'], /^invalid value for --log-level \| expected one of debug, info, warn, error/],
    [['--log-format', 'JSON'], /^invalid value for --log-format: "[A-Za-z-]+" \| did you mean json\?/],
    [['--log-level', 'INFO'], /did you mean info\?/],
    [['--log-level', 'WARNING'], /did you mean warn\?/],
    [['--all'], /unknown flag "--all" \| mcp-proxy --help/],
    [['--port', '1'], /unknown flag "--port" \| mcp-proxy --help/],
    [['--no-resource'], /unknown flag "--no-resource" \| mcp-proxy --help/],
    [['--hots', 'x'], /did you mean --host\?/],
    [['--host', '0.0.0.0'], /^invalid value for --host(?:: ".*")? \| .*to serve clients: --listen 0\.0\.0\.0:8080/],
    [['--host', '::'], /^invalid value for --host(?:: ".*")? \| .*--listen/],
    [['--resource', ''], /^invalid value for --resource(?:: ".*")? \| .*--disable-resource-parameter/],
    [['--log-level', '--enable-proxy'], /--log-level needs a value/],
    [['--ignore-tool', '-H'], /--ignore-tool needs a value/],
    [['-H', '--header', 'a: b'], /--header needs a value/],
    [['--log-level=--enable-proxy'], /^invalid value for --log-level \|/],
    [['--log-level'], /--log-level needs a value/],
    [['-H'], /--header needs a value/],
    [['--log-level', 'info', '--log-level', 'info'], /--log-level is given twice/],
    [['--transport=http-only', '--transport=http-only'], /--transport is given twice/],
    [['--allow-http=yes'], /--allow-http takes no value/],
    [['--ignore-tool', ''], /^invalid value for --ignore-tool(?:: ".*")?/],
  ])('%j', (flags, expected) => {
    expect(refusal(URL_TEXT, ...flags)).toMatch(expected);
  });

  it('do not show what they were given', () => {
    for (const flag of [
      '--headr=Authorization: topsecret',
      '--client-tokn=topsecret',
      '--allow-http=topsecret',
      '-Xtopsecret',
      '--log-level=topsecret',
      '--transport=topsecret',
      '--upstream-session=topsecret',
    ]) {
      expect(refusal(URL_TEXT, flag), flag).not.toContain('topsecret');
    }
    for (const name of ['log-level', 'transport', 'upstream-session']) {
      const told = refusal(URL_TEXT, `--${name}`, 'eyJhbGciOi');
      expect(told).toMatch(new RegExp(`^invalid value for --${name} \\| expected one of `));
      expect(told).not.toContain('eyJ');
    }
  });
});

describe('a value that is refused', () => {
  it.each([
    [
      ['--listen', '8080'],
      'invalid value for --listen: "8080" | expected a host before the port: localhost:8080, or :8080 ',
    ],
    [['--listen', 'localhost'], 'invalid value for --listen: "localhost" | expected :8080, localhost:8080, '],
    [['--max-body', '4MiB'], 'invalid value for --max-body: "4MiB" | expected a whole number of MiB from 1 to 1024'],
    [
      ['--auth-timeout', '1.5'],
      'invalid value for --auth-timeout: "1.5" | expected a whole number of seconds, 1 or more',
    ],
    [['--host', 'app.test:80'], 'invalid value for --host: "app.test:80" | expected a host name without a port'],
    [
      ['--allowed-host', 'https://app.test'],
      'invalid value for --allowed-host: "https://app.test" | expected a host name',
    ],
    [
      ['--ignore-tool', ''],
      'invalid value for --ignore-tool: "" | expected a value that is not empty; check that the variable',
    ],
    [['--log-level', 'WARNING'], 'invalid value for --log-level: "WARNING" | did you mean warn?'],
    [
      ['--static-oauth-client-info', './client.json'],
      'invalid value for --static-oauth-client-info | did you mean --static-oauth-client-info @./client.json?',
    ],
  ])('is repeated where it cannot be a secret: %j', (flags, expected) => {
    expect(refusal(URL_TEXT, ...flags).slice(0, expected.length)).toBe(expected);
  });

  it.each([
    [['--log-level', 'infotopsecret']],
    [['--listen', 'topsecret']],
    [['--host', 'topsecret/']],
    [['--allowed-host', 'tok.topsecret/']],
    [['--allowed-origin', 'https://user:topsecret@app.test']],
    [['--profile', 'topsecret!']],
    [['--callback-path', 'topsecret']],
    [['--auth-timeout', 'topsecret']],
    [['--client-token', '12 topsecret']],
    [['--client-token', '1.5:']],
    [['--static-oauth-client-info', '123456']],
  ])('is not repeated where it may be one: %j', (flags) => {
    expect(refusal(URL_TEXT, ...flags)).toMatch(
      new RegExp(`^invalid value for ${flags[0]} \\| (?:expected|did you mean) `),
    );
  });
});

describe('doctor', () => {
  const read = (...argv: string[]) => parseArguments(['doctor', ...argv], {}, () => '');

  it('takes a URL or a command, and leaves variables without a value to the doctor', () => {
    expect(read(URL_TEXT, '--header', 'X-Key: ${UNSET}').kind).toBe('doctor');
    expect(read('--env', 'KEY=${UNSET}', '--json', '--', 'some-server').kind).toBe('doctor');
  });

  it.each([
    [[], /^no URL given/],
    [['--'], /^there is no command after --/],
    [[URL_TEXT, '--', 'some-server'], /^both a URL and a command are given/],
    [[URL_TEXT, URL_TEXT], /arguments|URLs/],
    [[URL_TEXT, '--listen', ':0'], /^doctor serves no clients/],
    [[URL_TEXT, '--check'], /^--check belongs to the command status/],
  ])('refuses %j', (argv, message) => {
    expect(refusal('doctor', ...argv)).toMatch(message);
  });
});

describe('a command after --', () => {
  const ENV = { KEY: 'secret-1', TOKEN: 'secret-2' };
  const read = (...argv: string[]): ReturnType<typeof readCommand> => {
    const action = parseArguments(argv, ENV, () => '');
    if (action.kind !== 'run-command') throw new Error(action.kind);
    return readCommand(action, ENV);
  };
  const server = (...argv: string[]): unknown => read(...argv).config.servers[0];

  it('is the server, whatever its words look like', () => {
    expect(server('--', 'npx', '-y', 'a-server', '--listen', '--help', '--', '${KEY}')).toEqual({
      kind: 'stdio',
      name: 'a-server',
      command: 'npx',
      args: ['-y', 'a-server', '--listen', '--help', '--', '${KEY}'],
      cwd: undefined,
      env: [],
      cleanEnv: false,
      withheld: [],
      ignoreTools: [],
      timeout: 3_600_000,
    });
  });

  it('has a folder and variables', () => {
    const flags = [
      '--cwd',
      '/srv',
      '--clean-env',
      '--env',
      'A=${KEY}',
      '--env',
      'B=x=y',
      '--ignore-tool',
      'delete_*',
      '--timeout=5',
    ];
    expect(server(...flags, '--', 'server')).toMatchObject({
      cwd: '/srv',
      cleanEnv: true,
      env: [
        ['A', 'secret-1'],
        ['B', 'x=y'],
      ],
      ignoreTools: ['delete_*'],
      timeout: 5_000,
    });
  });

  it('does not get the variable of the client token', () => {
    const listen = ['--listen', 'localhost:0', '--client-token', '${TOKEN}'];
    expect(server(...listen, '--', 'server')).toMatchObject({ withheld: ['TOKEN'] });
  });

  it('has secrets where a value comes from the environment, or its name says so', () => {
    const flags = ['--env', 'A=${KEY}', '--env', 'API_KEY=secret-3', '--env', 'MODE=production'];
    expect(read(...flags, '--', 'server')).toMatchObject({ secrets: ['secret-1', 'secret-3'] });
  });

  it('has limits in HTTP mode', () => {
    const flags = ['--listen', 'localhost:0', '--max-children', '3', '--child-idle', '5'];
    expect(read(...flags, '--', 'server')).toMatchObject({ config: { listen: { maxChildren: 3, childIdle: 5_000 } } });
  });
});

describe('the format of the last words', () => {
  it.each<[string[], 'text' | 'json']>([
    [[], 'text'],
    [['json'], 'text'],
    [['--log-format'], 'text'],
    [['--log-format', 'text'], 'text'],
    [['--log-format', 'json'], 'json'],
    [['--log-format=json', '--no-such-flag'], 'json'],
    [['--', '--log-format=json'], 'text'],
    [['--', '--log-format', 'json'], 'text'],
  ])('can be told from arguments that are wrong: %j', (argv, format) => {
    expect(logFormatIn(argv)).toBe(format);
  });
});

describe('the table of flags', () => {
  it('has every flag of the documentation', () => {
    const names =
      'listen header config server transport host allow-http log-level enable-proxy ignore-tool only-tool read-only ignore-prompt only-prompt ignore-resource only-resource rename-tool confirm pin-tools tool-search always-tool max-result auth-timeout resource static-oauth-client-metadata static-oauth-client-info upstream-session client-token session-idle allowed-host allowed-origin help version ca cert key callback-port callback-path profile client-metadata-url client-credentials device-code authorize-param disable-resource-parameter use-id-token credential-store log-format tls-cert tls-key forward-header max-sessions max-body check json quiet cwd env clean-env max-children child-idle name project yes print from report capture capture-arguments timeout open-timeout max-message state state-key';
    expect(OPTIONS.map((option) => option.name).sort()).toEqual(names.split(' ').sort());
  });

  it('names its defaults among its choices', () => {
    for (const { choices, default: standard } of OPTIONS) if (choices && standard) expect(choices).toContain(standard);
  });
});

describe('nearest', () => {
  it('finds a typo, and nothing where nothing is near', () => {
    expect(nearest('--headre', ['--header', '--host'])).toBe('--header');
    expect(nearest('', ['--header'])).toBeUndefined();
    expect(nearest('x'.repeat(100_000), ['--header'])).toBeUndefined();
    expect(nearest('a', [])).toBeUndefined();
  });
});
