import { describe, expect, it } from 'vitest';
import { NOT_YET, type SecretStore } from '../../../src/core/ports.ts';
import { keychainStore } from '../../../src/state/keychain.ts';
import { memoryStore } from '../../../src/state/memory/secrets.ts';

/** A keychain with the limits of Windows, which fails when the test says so. */
function keychain() {
  const texts = new Map<string, string>();
  const state = { failure: undefined as string | undefined, room: Number.POSITIVE_INFINITY, absentIsError: false };
  const services = new Set<string>();
  class Entry {
    readonly #account: string;
    constructor(service: string, account: string) {
      services.add(service);
      this.#account = account;
    }
    getPassword(): string | null {
      if (state.failure) throw new Error(state.failure);
      return texts.get(this.#account) ?? null;
    }
    setPassword(text: string): void {
      if (state.failure) throw new Error(state.failure.replace('%s', text));
      if (texts.size >= state.room) throw new Error('no room');
      if (Buffer.byteLength(text, 'utf16le') > 2560) throw new Error('password longer than the platform limit of 2560');
      // Text that is not valid Unicode comes back changed.
      texts.set(this.#account, Buffer.from(text, 'utf8').toString('utf8'));
    }
    deletePassword(): boolean {
      if (state.failure) throw new Error(state.failure);
      if (state.absentIsError && !texts.has(this.#account))
        throw new Error('No matching entry found in secure storage');
      return texts.delete(this.#account);
    }
  }
  return { texts, state, services, load: () => Promise.resolve({ Entry }) };
}

const LONG = `${'a'.repeat(1_199)}${'𝄞'.repeat(2_000)}z`;

describe('a store in the keychain', () => {
  it('keeps the text there, and in the index only where it is', async () => {
    const [system, index] = [keychain(), memoryStore()];
    const store = await keychainStore(index, system.load);
    expect([await store.read('a'), await store.names()]).toEqual([undefined, []]);
    await store.write('a', 'secret text');
    expect([...system.texts.values()]).toEqual(['secret text']);
    expect([...system.services]).toEqual(['mcp-proxy']);
    expect(await index.read('a')).not.toContain('secret text');
    const again = await keychainStore(index, system.load);
    expect([again.peek('a'), await again.read('a'), await again.names()]).toEqual([
      'secret text',
      'secret text',
      ['a'],
    ]);
  });

  it.each([
    ['an empty text', ''],
    ['a text longer than an entry may be', LONG],
  ])('gives back %s', async (_, text) => {
    const system = keychain();
    const store = await keychainStore(memoryStore(), system.load);
    await store.write('a', text);
    expect(await store.read('a')).toBe(text);
  });

  it('replaces and removes without a trace', async () => {
    const [system, index] = [keychain(), memoryStore()];
    const store = await keychainStore(index, system.load);
    await store.write('b', 'other');
    await store.write('a', LONG);
    await store.write('a', 'new');
    expect([...system.texts.values()].sort()).toEqual(['new', 'other']);
    await store.remove('a');
    await store.remove('a');
    expect([...system.texts.values()]).toEqual(['other']);
    expect([await store.read('a'), await index.names()]).toEqual([undefined, ['b']]);
  });

  it('removes what somebody else removed already, also where that is an error', async () => {
    const [system, index] = [keychain(), memoryStore()];
    system.state.absentIsError = true;
    const store = await keychainStore(index, system.load);
    await store.write('a', 'text');
    system.texts.clear();
    expect(await store.read('a')).toBeUndefined();
    await store.remove('a');
    expect(await store.names()).toEqual([]);
  });

  it('keeps the old text when the new one does not go in whole', async () => {
    const system = keychain();
    const store = await keychainStore(memoryStore(), system.load);
    await store.write('a', 'old');
    system.state.room = 2;
    await expect(store.write('a', LONG)).rejects.toMatchObject({ code: 'internal' });
    expect(await store.read('a')).toBe('old');
    expect([...system.texts.values()]).toEqual(['old']);
  });

  it('keeps the old text when the index cannot be written', async () => {
    const [system, index] = [keychain(), memoryStore()];
    const store = await keychainStore(index, system.load);
    await store.write('a', 'old');
    const full = { ...index, write: () => Promise.reject(new Error('disk full')) };
    await expect((await keychainStore(full, system.load)).write('a', 'new')).rejects.toThrow('disk full');
    expect(await store.read('a')).toBe('old');
    expect([...system.texts.values()]).toEqual(['old']);
  });

  it('reads the new text when another process replaces the old one meanwhile', async () => {
    const [system, index] = [keychain(), memoryStore()];
    const store = await keychainStore(index, system.load);
    await store.write('a', 'old');
    const stale = index.peek('a');
    await store.write('a', 'new');
    let looks = 0;
    const behind: SecretStore = {
      ...index,
      peek: () => stale,
      read: async (name) => (looks++ === 0 ? (stale as string) : index.read(name)),
    };
    const reader = await keychainStore(behind, system.load);
    expect(reader.peek('a')).toBe(NOT_YET);
    expect(await reader.read('a')).toBe('new');
  });

  it.each(['', 'null', '[]', '{"id":"x"}', '{"id":"x","parts":1e9}', '{"id":"x","parts":-1}', '{"id":1,"parts":1}'])(
    'reads nothing from the index text %j',
    async (text) => {
      const index = memoryStore();
      await index.write('a', text);
      expect(await (await keychainStore(index, keychain().load)).read('a')).toBeUndefined();
    },
  );
});

describe('a keychain that refuses', () => {
  it('is no text to a reader, and to a writer an error that says what to do, without the secret', async () => {
    const [system, index] = [keychain(), memoryStore()];
    const store = await keychainStore(index, system.load);
    await store.write('a', 'old');
    system.state.failure = 'locked \u001b[31m: %s';
    expect(await store.read('a')).toBeUndefined();
    for (const change of [store.write('a', 'secret text'), store.remove('a')]) {
      const error = await change.then(
        () => undefined,
        (e: unknown) => e as Error,
      );
      expect(error).toMatchObject({
        name: 'ProxyError',
        code: 'internal',
        data: { hint: expect.stringContaining('unlock') as unknown },
      });
      expect(error?.message).toMatch(/keychain: locked/);
      for (const hidden of ['secret text', '\u001b']) expect(error?.message).not.toContain(hidden);
    }
    system.state.failure = undefined;
    expect(await store.read('a')).toBe('old');
  });
});

describe('the package of the keychain', () => {
  const refused = (message: RegExp) => ({
    name: 'ProxyError',
    code: 'usage',
    message: expect.stringMatching(message) as unknown,
    data: { hint: expect.stringMatching(/^npm install --no-save --prefix \S+ @napi-rs\/keyring$/) as unknown },
  });

  it('is asked for when it is not installed', async () => {
    await expect(keychainStore(memoryStore())).rejects.toMatchObject(refused(/is not installed/));
  });

  it.each([
    ['fails', () => Promise.reject(new Error('cannot open shared object file'))],
    ['is another one', () => Promise.resolve({})],
  ])('is named when what is loaded %s', async (_, load) => {
    await expect(keychainStore(memoryStore(), load)).rejects.toMatchObject(refused(/cannot be loaded/));
  });

  it('may be loaded as the default export of a CommonJS module', async () => {
    const { Entry } = await keychain().load();
    const store = await keychainStore(memoryStore(), () => Promise.resolve({ default: { Entry } }));
    await store.write('a', 'text');
    expect(await store.read('a')).toBe('text');
  });
});
