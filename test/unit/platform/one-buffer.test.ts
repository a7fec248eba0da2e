// A pipe that is read into one buffer is read as any other stream is.
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { PassThrough, type Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { readIntoOneBuffer } from '../../../src/platform/one-buffer.ts';

const ECHO = 'process.stdin.pipe(process.stdout)';
const children: ChildProcessWithoutNullStreams[] = [];

/** A program that repeats what it is told, and its output as it is read in the tests. */
function echo(): { input: ChildProcessWithoutNullStreams['stdin']; output: Readable; plain: Readable } {
  const child = spawn(process.execPath, ['-e', ECHO]);
  children.push(child);
  return { input: child.stdin, output: readIntoOneBuffer(child.stdout), plain: child.stdout };
}

async function nextChunk(output: Readable): Promise<Buffer> {
  const [chunk] = (await once(output, 'data')) as [Buffer];
  return chunk;
}

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

describe.skipIf(process.platform === 'win32')('a pipe', () => {
  it('takes the place of the stream', () => {
    const { output, plain } = echo();
    expect(output).not.toBe(plain);
  });

  it('gives chunks that stay as they are when others follow', async () => {
    const { input, output } = echo();
    output.resume();
    const sent = ['first', 'second', 'x'.repeat(5_000)];
    const got: Buffer[] = [];
    for (const text of sent) {
      const next = nextChunk(output);
      input.write(text);
      got.push(await next);
    }
    expect(got.map(String)).toEqual(sent);
  });

  it('gives every byte of a large text, and then ends', async () => {
    const { input, output } = echo();
    const sent = randomBytes(3_000_000);
    const got: Buffer[] = [];
    output.on('data', (chunk: Buffer) => got.push(chunk));
    output.resume();
    input.end(sent);
    await once(output, 'end');
    expect(Buffer.concat(got).equals(sent)).toBe(true);
  });

  it('gives nothing before it is resumed, and loses nothing', async () => {
    const { input, output } = echo();
    let heard = '';
    input.write('early');
    const child = children.at(-1) as ChildProcessWithoutNullStreams;
    input.end();
    await once(child, 'exit');
    output.on('data', (chunk: Buffer) => {
      heard += chunk;
    });
    expect(heard).toBe('');
    output.resume();
    await once(output, 'end');
    expect(heard).toBe('early');
  });

  it('can be paused by who reads it', async () => {
    const { input, output } = echo();
    const got: string[] = [];
    output.on('data', (chunk: Buffer) => {
      got.push(String(chunk));
      output.pause();
    });
    output.resume();
    for (const text of ['a', 'b', 'c']) {
      const next = once(output, 'data');
      input.write(text);
      await next;
      expect(got.at(-1)).toBe(text);
      expect(output.isPaused()).toBe(true);
      output.resume();
    }
  });
});

describe('any other stream', () => {
  it.each([
    ['a stream of this process', () => new PassThrough()],
    ['a file', () => createReadStream(fileURLToPath(import.meta.url))],
  ])('%s is the same stream', (_, open) => {
    const stream = open();
    expect(readIntoOneBuffer(stream)).toBe(stream);
    stream.destroy();
  });
});
