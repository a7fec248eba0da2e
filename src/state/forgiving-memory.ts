/** A memory that fails must not fail a request: the proxy logs the first failure and works on without the memory. */
import type { AnswerMemory, Log, SecretStore, VerdictMemory } from '../core/ports.ts';
import { printable } from '../core/redact.ts';

/** The outcome, or the fallback if it fails. */
type Forgive = <T>(outcome: Promise<T>, otherwise: () => T) => Promise<T>;

function forgive(log: Log, what: string): Forgive {
  let told = false;
  return (outcome, otherwise) =>
    outcome.catch((error: unknown) => {
      const reason = printable(error instanceof Error ? error.message : String(error), 300);
      if (!told) log.warn(`cannot ${what}: ${reason}; going on without`);
      told = true;
      return otherwise();
    });
}

export function forgivingVerdicts(memory: VerdictMemory, log: Log): VerdictMemory {
  const survive = forgive(log, 'remember which transport the server speaks');
  return {
    peek: (url) => memory.peek(url),
    recall: (url) => survive(memory.recall(url), () => undefined),
    remember: (url, spoken) => survive(memory.remember(url, spoken), () => {}),
  };
}

export function forgivingAnswers(memory: AnswerMemory, log: Log): AnswerMemory {
  const survive = forgive(log, 'recall what the server answered');
  return {
    recall: (method) => survive(memory.recall(method), () => undefined),
    remember: (method, result) => survive(memory.remember(method, result), () => {}),
  };
}

/**
 * A read that fails returns what this process read or wrote last. Otherwise the proxy would take a token that it has
 * just refreshed for one that another process has replaced. A failed write still rejects, because only the sign-in
 * knows what is lost.
 */
export function forgivingReads(store: SecretStore, log: Log): SecretStore {
  const survive = forgive(log, 'read the stored sign-ins');
  const last = new Map<string, string>();
  const note = (name: string, text: string | undefined): void => {
    if (text === undefined) last.delete(name);
    else last.set(name, text);
  };
  return {
    get empty() {
      return store.empty;
    },
    peek: (name) => store.peek(name),
    read(name) {
      const read = store.read(name).then((text) => {
        note(name, text);
        return text;
      });
      return survive(read, () => last.get(name));
    },
    async write(name, text) {
      await store.write(name, text);
      note(name, text);
    },
    async remove(name) {
      await store.remove(name);
      note(name, undefined);
    },
    names: () => store.names(),
  };
}
