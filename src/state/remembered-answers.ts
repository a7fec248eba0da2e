/** Remembers what protected servers said about themselves, for the time when the user is not signed in to them. */
import type { AnswerMemory, SecretStore } from '../core/ports.ts';
import { listMember } from '../mcp/methods.ts';

/** In milliseconds. The specification lets a server state a lifetime, and allows no more than this if it states none. */
const LIFETIME = 24 * 60 * 60 * 1000;
/** Bytes. Longer answers are not kept; even a list of a thousand tools is shorter. */
const LONGEST = 1_048_576;

interface Remembered {
  readonly result: string;
  readonly at: number;
}

/** Whether the proxy can give a stored text to a client as a result: the file may be damaged. */
function isResult(method: string, text: string): boolean {
  try {
    const result: unknown = JSON.parse(text);
    if (typeof result !== 'object' || result === null || Array.isArray(result)) return false;
    const list = listMember(method);
    return list === undefined || Array.isArray((result as Record<string, unknown>)[list]);
  } catch {
    return false;
  }
}

export interface StoredAnswers extends AnswerMemory {
  /** Resolves when everything remembered so far is stored. */
  flushed(): Promise<void>;
}

/** @param name the name of the credentials that the answers belong to: another account may get other answers. */
export function storedAnswers(store: SecretStore, name: () => string, now: () => number = Date.now): StoredAnswers {
  const file = (): string => `${name()}.answers`;
  const read = async (): Promise<Map<string, Remembered>> => {
    const text = await store.read(file());
    try {
      const entries = Object.entries(JSON.parse(text ?? '{}') as Record<string, Remembered>);
      return new Map(entries.filter(([, { result, at }]) => typeof result === 'string' && typeof at === 'number'));
    } catch {
      return new Map();
    }
  };
  /** Changes of the file run one after the other, because each must see what the previous one wrote. */
  let last: Promise<void> = Promise.resolve();
  const change = async (method: string, text: string): Promise<void> => {
    const all = await read();
    const old = all.get(method);
    if (old?.result === text && now() - old.at < LIFETIME / 2) return;
    all.set(method, { result: text, at: now() });
    await store.write(file(), JSON.stringify(Object.fromEntries(all)));
  };
  return {
    async recall(method) {
      const found = (await read()).get(method);
      const age = found ? now() - found.at : LIFETIME;
      return found && age >= 0 && age < LIFETIME && isResult(method, found.result)
        ? Buffer.from(found.result)
        : undefined;
    },
    remember(method, result) {
      if (result.length > LONGEST) return Promise.resolve();
      // If the file cannot be read, it is not replaced: it may hold the answers to other methods.
      last = last.then(() => change(method, result.toString('utf8'))).catch(() => {});
      return last;
    },
    flushed: () => last,
  };
}
