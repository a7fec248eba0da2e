/** What protected servers once said of themselves, for the time that nobody is signed in to them. */
import type { AnswerMemory, SecretStore } from '../core/ports.ts';
import { listMember } from '../mcp/methods.ts';

/** Milliseconds; the specification lets a server say so itself, and allows no more than this for what it does not say. */
const LIFETIME = 24 * 60 * 60 * 1000;
/** What is longer is not kept: a list of a thousand tools is shorter. */
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
  /** Resolves when all that was remembered so far is stored. */
  flushed(): Promise<void>;
}

/** @param name of the credentials that the answers belong to: another account may get other ones. */
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
  /** Changes of the file, one after the other: each has to see what the last one wrote. */
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
      // What could not be read is not replaced: it may hold the answers to other methods.
      last = last.then(() => change(method, result.toString('utf8'))).catch(() => {});
      return last;
    },
    flushed: () => last,
  };
}
