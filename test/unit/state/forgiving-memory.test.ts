import { expect, it } from 'vitest';
import type { Log, SecretStore } from '../../../src/core/ports.ts';
import { forgivingAnswers, forgivingReads, forgivingVerdicts } from '../../../src/state/forgiving-memory.ts';
import { memoryStore } from '../../../src/state/memory/secrets.ts';

const url = new URL('https://host.example/mcp');

function recorder(): { log: Log; warnings: string[] } {
  const warnings: string[] = [];
  const log = { debug: () => {}, info: () => {}, warn: (line: string) => warnings.push(line), error: () => {} };
  return { log, warnings };
}

const fails = (): Promise<never> => Promise.reject(new Error('connection \u001b[31mlost'));

it('a verdict that cannot be recalled or remembered is none, and that is logged once', async () => {
  const { log, warnings } = recorder();
  const memory = forgivingVerdicts({ peek: () => 'sse', recall: fails, remember: fails }, log);
  expect(memory.peek(url)).toBe('sse');
  expect(await memory.recall(url)).toBeUndefined();
  await memory.remember(url, 'http');
  expect(warnings).toEqual([expect.stringMatching(/transport.*connection.*lost/)]);
  expect(warnings[0]).not.toContain('\u001b');
});

it('an answer that cannot be recalled or remembered is none, and that is logged once', async () => {
  const { log, warnings } = recorder();
  const memory = forgivingAnswers({ recall: fails, remember: fails }, log);
  expect(await memory.recall('tools/list')).toBeUndefined();
  await memory.remember('tools/list', Buffer.from('{}'));
  expect(warnings).toHaveLength(1);
});

it('a text that cannot be read is what was read or written last, and that is logged once', async () => {
  const { log, warnings } = recorder();
  const texts = memoryStore();
  let down = false;
  const unreliable: SecretStore = { ...texts, empty: false, read: (name) => (down ? fails() : texts.read(name)) };
  const store = forgivingReads(unreliable, log);
  await texts.write('read', 'by another process');
  await texts.write('removed', 'text');
  expect([await store.read('read'), await store.read('removed')]).toEqual(['by another process', 'text']);
  await store.write('written', 'by this one');
  await store.remove('removed');
  await texts.write('never seen', 'text');
  down = true;
  const names = ['read', 'written', 'removed', 'never seen'];
  expect(await Promise.all(names.map((name) => store.read(name)))).toEqual([
    'by another process',
    'by this one',
    undefined,
    undefined,
  ]);
  expect(warnings).toEqual([expect.stringContaining('read the stored sign-ins')]);
});

it('a text that cannot be written is a failure of its writer, and not what is read later', async () => {
  const { log } = recorder();
  const texts = memoryStore();
  let down = false;
  const store = forgivingReads(
    { ...texts, empty: false, read: (name) => (down ? fails() : texts.read(name)), write: fails, remove: fails },
    log,
  );
  await texts.write('a', 'old');
  await store.read('a');
  await expect(store.write('a', 'new')).rejects.toThrow('lost');
  await expect(store.remove('a')).rejects.toThrow('lost');
  down = true;
  expect(await store.read('a')).toBe('old');
});
