// If a program calls the library with a wrong argument, the error says what is wrong, and shows no minified source.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { describe, expect, it } from 'vitest';
import { scripted } from '../../peers/local/scripted.ts';
import { opened } from '../../peers/opened.ts';
import { startSdkV1Stateful } from '../../peers/sdk-v1-stateful.ts';

const LIBRARY = new URL('../../../dist/index.js', import.meta.url).href;

/** Runs a program of one expression with the names of the library at hand. */
async function program(expression: string): Promise<{ code: number | null; stderr: string }> {
  const source = `
    import { startStdioProxy, startHttpProxy } from ${JSON.stringify(LIBRARY)};
    const url = 'http://127.0.0.1:1/mcp';
    ${expression}`;
  const { code, stderr } = await ran(source, []);
  return { code, stderr };
}

/** Runs a program to its end; standard input is empty unless it is given. */
async function ran(
  source: string,
  args: readonly string[],
  until?: (stdout: string) => Promise<unknown>,
  input?: string,
) {
  const child = spawn(process.execPath, ['--input-type=module', '-e', source, ...args], {
    // Inside the package, its own name leads to it.
    cwd: fileURLToPath(new URL('../../..', import.meta.url)),
    stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    env: { ...process.env, NOT_FOR_SERVERS: 'secret' },
  });
  child.stdin?.end(input);
  let [stdout, stderr] = ['', ''];
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    if (until && text.includes('\n')) until(stdout).finally(() => child.kill('SIGTERM'));
  });
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, stdout, stderr };
}

describe('an argument that is wrong', () => {
  it.each([
    ['await startStdioProxy()', 'startStdioProxy: the argument is not an object'],
    ['await startStdioProxy({})', 'startStdioProxy: url is not an https: or http: URL'],
    ['await startStdioProxy({ command: "" })', 'startStdioProxy: command is not the name or path of a program'],
    ['await startHttpProxy({ command: ["npx"] })', 'startHttpProxy: command is not the name or path of a program'],
    ['await startStdioProxy({ command: "npx", args: "-y x" })', 'startStdioProxy: args is not an array of strings'],
    ['await startStdioProxy({ command: "npx", env: { A: 1 } })', 'startStdioProxy: env is not an object with strings'],
    [
      'await startStdioProxy({ command: "npx", env: [["A", "1"]] })',
      'startStdioProxy: env is not an object with strings',
    ],
    ['await startStdioProxy({ command: "npx", cwd: 1 })', 'startStdioProxy: cwd is not the path of a directory'],
    ['await startStdioProxy({ command: "npx", cleanEnv: 1 })', 'startStdioProxy: cleanEnv is not a boolean'],
    [
      'await startStdioProxy({ command: "npx", url })',
      'startStdioProxy: url beside command is not an option of a local server',
    ],
    [
      'await startHttpProxy({ command: "npx", headers: [["X-Team", "search"]] })',
      'startHttpProxy: headers beside command is not an option of a local server',
    ],
    [
      'await startHttpProxy({ command: "npx", listen: { forwardHeaders: [{ from: "a", to: "a" }] } })',
      'startHttpProxy: listen.forwardHeaders beside command is not an option of a local server',
    ],
    ['await startStdioProxy({ url: "ftp://host" })', 'startStdioProxy: url is not an https: or http: URL'],
    [
      'await startStdioProxy({ url: "https://me:secret@host.example/mcp" })',
      'startStdioProxy: url is not a URL without user and password',
    ],
    [
      'await startStdioProxy({ url, strategy: "http" })',
      'startStdioProxy: strategy is not one of http-first, sse-first, http-only, sse-only',
    ],
    ['await startStdioProxy({ url, headers: {} })', 'startStdioProxy: headers is not an array'],
    ['await startStdioProxy({ url, auth: { timeout: "30" } })', 'startStdioProxy: auth.timeout is not a number'],
    ['await startStdioProxy({ url, auth: true })', 'startStdioProxy: auth is not an object'],
    [
      'await startStdioProxy({ url, environment: { log: console.log } })',
      'startStdioProxy: environment.log is not an object with debug, info, warn, error',
    ],
    ['await startStdioProxy({ url, streams: {} })', 'startStdioProxy: streams.input is not a readable stream'],
    ['await startHttpProxy({ url, listen: 8080 })', 'startHttpProxy: listen is not an object'],
    ['await startHttpProxy({ url, listen: { port: "8080" } })', 'startHttpProxy: listen.port is not a number'],
    [
      'await startHttpProxy({ url, listen: { upstreamSession: "mine" } })',
      'startHttpProxy: listen.upstreamSession is not one of per-client, shared',
    ],
  ])('%s', async (expression, sentence) => {
    const { code, stderr } = await program(expression);
    expect(code).toBe(1);
    expect(stderr).toContain(`[ProxyError]: ${sentence}`);
    expect(stderr).toMatch(/hint: '\S/);
    // Node shows the source line that threw. In a file of one line, that would be the whole file.
    for (const line of stderr.split('\n')) expect(line.length).toBeLessThan(400);
  });
});

it('the URL alone is enough', async () => {
  const proxies = `
    await (await startStdioProxy({ url })).close('signal');
    await (await startHttpProxy({ url: new URL(url) })).close('signal');`;
  expect(await program(proxies)).toEqual({ code: 0, stderr: '' });
});

describe('the examples of docs/library.md', () => {
  const page = readFileSync(new URL('../../../docs/library.md', import.meta.url), 'utf8');
  const examples = [...page.matchAll(/^```js\n([\s\S]*?)^```$/gm)].map(([, code = '']) => code);
  const start = opened();

  it('serve the clients of a real server', async () => {
    const server = await start(startSdkV1Stateful());
    const source = examples
      .find((code) => code.includes('startHttpProxy') && code.includes('url:'))
      ?.replace('https://server.example/mcp', server.url);
    expect(await toolsOf(source as string)).toContain('echo');
  });

  it('start a local server, and leave no process of it', async () => {
    const server = await start(scripted());
    const source = examples
      .find((code) => code.includes("command: 'npx'"))
      ?.replace("'npx'", JSON.stringify(server.command[0]))
      .replace(/args: \[.*\]/, `args: ${JSON.stringify(server.command.slice(1))}`);
    expect(await toolsOf(source as string)).toEqual(['echo']);
    expect(server.pids()).toHaveLength(1);
    await server.allGone();
  });

  it('start a local server for a client on standard input and output, with its own variables', async () => {
    const server = await start(scripted());
    const [command, ...args] = server.command;
    const options = JSON.stringify({ command, args, env: { ONLY_HERE: 'yes' }, cleanEnv: true });
    const call = (id: number, method: string, params: object): string =>
      `${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`;
    const input = [
      call(1, 'initialize', {
        protocolVersion: '2025-11-25',
        capabilities: {},
        clientInfo: { name: 'a', version: '1' },
      }),
      call(2, 'tools/call', { name: 'environment', arguments: {} }),
    ].join('');
    const source = `
      import { startStdioProxy } from ${JSON.stringify(LIBRARY)};
      const proxy = await startStdioProxy(${options});
      await proxy.clientGone;
      await proxy.close('client-gone');`;
    const { code, stdout, stderr } = await ran(source, [], undefined, input);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const [, answer] = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    const environment = JSON.parse(answer.result.content[0].text);
    expect(environment.ONLY_HERE).toBe('yes');
    expect(environment.NOT_FOR_SERVERS).toBeUndefined();
    await server.allGone();
  });

  /** The tools that a client sees of a program that prints the URL of its proxy. */
  async function toolsOf(source: string): Promise<string[]> {
    let names: string[] = [];
    const { code, stderr } = await ran(source, [], async (stdout) => {
      const client = new Client({ name: 'test', version: '1' });
      await client.connect(new StreamableHTTPClientTransport(new URL(stdout.trim())));
      names = (await client.listTools()).tools.map(({ name }) => name);
      await client.close();
    });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    return names;
  }

  it('serve a client on standard input and output until it is gone', async () => {
    const source = examples.find((code) => code.includes('startStdioProxy'));
    expect(await ran(source as string, [])).toEqual({ code: 0, stdout: '', stderr: '' });
  });
});
