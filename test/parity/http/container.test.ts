// What examples/docker/Dockerfile puts into its image is enough, and behaves there as containers expect: nothing on
// standard input, the token in a file, a cache folder that is given, SIGTERM as the end.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import { layOutImage } from '../../../scripts/release/image.mjs';
import { StreamableClient } from '../../peers/http/streamable-client.ts';
import { startSdkV1Stateful } from '../../peers/sdk-v1-stateful.ts';

it('serves, keeps its cache where the image says, and ends with SIGTERM', async () => {
  const image = mkdtempSync(path.join(os.tmpdir(), 'mcp-proxy-image-'));
  const { command, cache } = layOutImage(image);
  const [node, ...start] = command;
  const token = path.join(image, 'client-token');
  writeFileSync(token, 'token-in-a-file\n');

  const server = await startSdkV1Stateful();
  const args = [...start, server.url, '--listen=127.0.0.1:0', `--client-token=@${token}`, '--log-format=json'];
  const child = spawn(node, args, {
    cwd: '/',
    env: { PATH: process.env.PATH, HOME: '/nonexistent', XDG_CACHE_HOME: cache },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const kill = (): void => void child.kill('SIGKILL');
  process.once('exit', kill);
  try {
    const exited = new Promise<number | null>((resolve) => child.once('close', resolve));
    let log = '';
    const url = await new Promise<string>((resolve, reject) => {
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        log += text;
        const found = /listening on (http:\/\/[^\s"\\]+)/.exec(log)?.[1];
        if (found) resolve(found);
      });
      void exited.then((code) => reject(new Error(`ended with ${code}\n${log}`)));
    });
    // As somebody on another machine: a gateway says so.
    const headers = { authorization: 'Bearer token-in-a-file', 'x-forwarded-for': '192.0.2.1' };
    const client = new StreamableClient(new URL('/mcp', url).href, { headers });
    await client.initialize();
    const { content } = await client.request('tools/call', { name: 'echo', arguments: { a: 1 } });
    expect(content[0].text).toBe('{"a":1}');
    await client.close();
    child.kill('SIGTERM');
    expect(await exited).toBe(0);
    expect(existsSync(path.join(cache, 'mcp-proxy'))).toBe(true);
    for (const line of log.trimEnd().split('\n')) expect(JSON.parse(line)).toBeTypeOf('object');
    expect(log).not.toContain('token-in-a-file');
  } finally {
    process.off('exit', kill);
    kill();
    await server.close();
    rmSync(image, { recursive: true, force: true });
  }
});
