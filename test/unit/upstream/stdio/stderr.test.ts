import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import { Stderr } from '../../../../src/upstream/stdio/stderr.ts';

function reader() {
  const shown: string[] = [];
  let time = 0;
  const stderr = new Stderr({ name: 'files', log: { info: (line) => void shown.push(line) }, now: () => time });
  const stream = new PassThrough();
  stderr.read(stream);
  const write = (text: string): Promise<void> => new Promise((resolve) => stream.write(text, () => resolve()));
  return {
    stderr,
    shown,
    write,
    pass: (ms: number) => {
      time += ms;
    },
  };
}

it('each line is shown with the name of the server, whatever the pieces', async () => {
  const { stderr, shown, write } = reader();
  await write('one\ntw');
  await write('o\r\n\n');
  expect(shown).toEqual(['files: one', 'files: two']);
  expect(stderr.last).toBe('two');
});

it('control characters do not reach the terminal', async () => {
  const { shown, write } = reader();
  await write('\u001b[31mred\u001b[0m \u202egnihsif\n');
  expect(shown).toEqual(['files: [31mred [0m  gnihsif']);
});

it('a flood is shown in part, and counted', async () => {
  const { stderr, shown, write, pass } = reader();
  await write('line\n'.repeat(1_000));
  expect(shown).toHaveLength(200);
  pass(1_000);
  await write('after\n');
  expect(shown.slice(200)).toEqual(['files: (800 lines on stderr not shown: it writes too many)', 'files: after']);
  expect(stderr.last).toBe('after');
});

it('a line without an end is kept within limits', async () => {
  const { stderr, write } = reader();
  await write('x'.repeat(1_000_000));
  await write('\n');
  expect(stderr.last?.length).toBeLessThan(400);
});
