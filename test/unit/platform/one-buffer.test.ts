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

  it('can be paused by its reader', async () => {
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

describe.skipIf(process.platform === 'win32')('a program whose output is read so', () => {
  it('closes when its pipes have closed', async () => {
    const child = spawn(process.execPath, ['-e', '']);
    children.push(child);
    const closed = once(child, 'close');
    readIntoOneBuffer(child.stdout).resume();
    child.stderr.resume();
    await closed;
  });

  it('spoils no chunk when the reader of one has failed', async () => {
    // Vitest listens for such errors, too.
    const others = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException');
    const failures: string[] = [];
    process.on('uncaughtException', ({ message }) => failures.push(message));
    const { input, output } = echo();
    const got: Buffer[] = [];
    try {
      output.on('data', (chunk: Buffer) => {
        if (got.push(chunk) === 1) throw new Error('the reader has failed');
      });
      output.resume();
      input.write('A'.repeat(20_000));
      await once(process, 'uncaughtException');
      input.end('B'.repeat(100));
      await once(output, 'end');
    } finally {
      process.removeAllListeners('uncaughtException');
      for (const other of others) process.on('uncaughtException', other);
    }
    expect(failures).toEqual(['the reader has failed']);
    expect(Buffer.concat(got).toString()).toBe(`${'A'.repeat(20_000)}${'B'.repeat(100)}`);
  });

  it('costs a reader that keeps a chunk not much more than its bytes', async () => {
    const { input, output } = echo();
    output.resume();
    const next = nextChunk(output);
    input.end('A'.repeat(16_400));
    const chunk = await next;
    expect(chunk.buffer.byteLength).toBeLessThanOrEqual(2 * 16_400);
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
