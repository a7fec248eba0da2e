// A program that calls the library with the wrong thing reads what is wrong with it, and no minified source.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { describe, expect, it } from 'vitest';
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

/** Runs a program to its end; standard input is empty. */
async function ran(source: string, args: readonly string[], until?: (stdout: string) => Promise<unknown>) {
  const child = spawn(process.execPath, ['--input-type=module', '-e', source, ...args], {
    // From within the package, its own name leads to it.
    cwd: fileURLToPath(new URL('../../..', import.meta.url)),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [stdout, stderr] = ['', ''];
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
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
    // Node shows the source line that threw: of a file that is one line, that would be all of it.
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
      .find((code) => code.includes('startHttpProxy'))
      ?.replace('https://server.example/mcp', server.url);
    let names: string[] = [];
    const { code, stderr } = await ran(source as string, [], async (stdout) => {
      const client = new Client({ name: 'test', version: '1' });
      await client.connect(new StreamableHTTPClientTransport(new URL(stdout.trim())));
      names = (await client.listTools()).tools.map(({ name }) => name);
      await client.close();
    });
    expect(names.length).toBeGreaterThan(0);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  it('serve a client on standard input and output until it is gone', async () => {
    const source = examples.find((code) => code.includes('startStdioProxy'));
    expect(await ran(source as string, [])).toEqual({ code: 0, stdout: '', stderr: '' });
  });
});
