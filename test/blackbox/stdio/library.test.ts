// A program that calls the library with the wrong thing reads what is wrong with it, and no minified source.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const LIBRARY = new URL('../../../dist/index.js', import.meta.url).href;

/** Runs a program of one expression with the names of the library at hand. */
async function program(expression: string): Promise<{ code: number | null; stderr: string }> {
  const source = `
    import * as library from ${JSON.stringify(LIBRARY)};
    const { startStdioProxy, startHttpProxy, DEFAULTS, LISTEN_DEFAULTS } = library;
    const url = new URL('http://127.0.0.1:1/mcp');
    const log = { debug() {}, info() {}, warn() {}, error() {} };
    const memory = { peek() {}, async recall() {}, async remember() {} };
    const around = { env: {}, log, memory, version: '1', redact: String };
    const streams = { input: process.stdin, output: process.stdout };
    ${expression}`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', source], {
    cwd: fileURLToPath(new URL('.', import.meta.url)),
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, stderr };
}

describe('an argument that is wrong', () => {
  it.each([
    ['startStdioProxy({ url })', 'startStdioProxy: config.strategy is missing or not one of http-first, sse-first'],
    ['startStdioProxy()', 'startStdioProxy: config is missing or not an object'],
    ['startStdioProxy({ ...DEFAULTS, url: url.href })', 'startStdioProxy: config.url is missing or not a URL object'],
    [
      'startStdioProxy({ ...DEFAULTS, url, headers: {} })',
      'startStdioProxy: config.headers is missing or not an array',
    ],
    [
      'startStdioProxy({ ...DEFAULTS, url, auth: { ...DEFAULTS.auth, timeout: "30" } })',
      'startStdioProxy: config.auth.timeout is missing or not a number',
    ],
    ['startStdioProxy({ ...DEFAULTS, url })', 'startStdioProxy: environment is missing or not an object'],
    [
      'startStdioProxy({ ...DEFAULTS, url }, { ...around, streams, log: console.log })',
      'startStdioProxy: environment.log is missing or not an object with debug, info, warn, error',
    ],
    [
      'startStdioProxy({ ...DEFAULTS, url }, around)',
      'startStdioProxy: environment.streams.input is missing or not a readable stream',
    ],
    ['await startHttpProxy({ ...DEFAULTS, url }, around)', 'startHttpProxy: config.listen is missing or not an object'],
    [
      'await startHttpProxy({ ...DEFAULTS, url, listen: { host: "127.0.0.1", port: 0 } }, around)',
      'startHttpProxy: config.listen.upstreamSession is missing or not a string',
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

it('right arguments are taken', async () => {
  const proxies = `
    await startStdioProxy({ ...DEFAULTS, url }, { ...around, streams }).close('signal');
    const listen = { ...LISTEN_DEFAULTS, host: '127.0.0.1', port: 0 };
    await (await startHttpProxy({ ...DEFAULTS, url, listen }, around)).close('signal');`;
  expect(await program(proxies)).toEqual({ code: 0, stderr: '' });
});
