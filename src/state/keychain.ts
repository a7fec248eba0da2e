/** Secret texts in the keychain of the operating system: macOS Keychain, Windows Credential Manager or Secret Service. */
import { randomBytes } from 'node:crypto';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { NOT_YET, type SecretStore } from '../core/ports.ts';
import { printable, redactor } from '../core/redact.ts';
import { ProxyError } from '../errors.ts';
import { installHint } from '../platform/install-hint.ts';
import { isSingleExecutable } from '../platform/restart-command.ts';

/** The part of `@napi-rs/keyring` that this file uses. */
interface Keyring {
  readonly Entry: new (service: string, account: string, options: typeof OPTIONS) => KeyringEntry;
}

interface KeyringEntry {
  /** Null or undefined if the entry does not exist. Throws when the keychain cannot be read. */
  getPassword(): string | null | undefined;
  setPassword(text: string): void;
  /** If the entry does not exist: false, or an error in old versions. */
  deletePassword(): boolean;
}

const MODULE = '@napi-rs/keyring';
const SERVICE = 'mcp-proxy';
/** Without this option and without a Secret Service, the package uses the kernel keyring, which is lost at a restart. */
const OPTIONS = { linux: { store: 'secret-service' } } as const;
/** UTF-16 units in one entry: Windows stores 2560 bytes at most, and a token may be longer. */
const PART = 1_200;
/** How often a reader tries again when another process replaced the text between the reads of its parts. */
const LOOKS = 5;

/** The entries that hold the text of a name: `<name>/<id>/<number>`. Entries never change: a new text gets a new id. */
interface IndexEntry {
  readonly id: string;
  readonly parts: number;
}

/**
 * The keychain holds the texts, in pieces. The index says where the pieces of each name are, and holds no secret.
 * Writing the index replaces the text, so a text is complete or absent, even if the process dies in between.
 *
 * Rejects with a ProxyError 'usage' when the optional package is not installed. `write` and `remove` reject with a
 * ProxyError 'internal' when the keychain refuses. Processes that write one name at the same time must hold a lock.
 * @param index a store such as `fileStore`
 */
export async function keychainStore(
  index: SecretStore,
  load: () => Promise<unknown> = installed,
): Promise<SecretStore> {
  const { Entry } = await keyring(load);
  const entries = (name: string, { id, parts }: IndexEntry): KeyringEntry[] =>
    Array.from({ length: parts }, (_, number) => new Entry(SERVICE, `${name}/${id}/${number}`, OPTIONS));

  const discard = (name: string, place: IndexEntry | undefined): void => {
    for (const entry of place ? entries(name, place) : []) remove(entry);
  };

  return {
    get empty() {
      return index.empty;
    },
    peek(name) {
      const indexed = index.peek(name);
      if (indexed === NOT_YET) return NOT_YET;
      const place = parse(indexed);
      // If the text is not where the index says, another process may just have moved it; `read` looks again.
      return place && (textOf(() => entries(name, place)) ?? NOT_YET);
    },
    async read(name) {
      for (let look = 1; look <= LOOKS; look++) {
        const place = parse(await index.read(name));
        if (place === undefined) return undefined;
        const text = textOf(() => entries(name, place));
        if (text !== undefined || parse(await index.read(name))?.id === place.id) return text;
      }
      return undefined;
    },
    async write(name, text) {
      const before = parse(await index.read(name));
      const pieces = piecesOf(text);
      const place = { id: randomBytes(8).toString('hex'), parts: pieces.length };
      try {
        attempt('write to', pieces, () => {
          for (const [number, entry] of entries(name, place).entries()) entry.setPassword(pieces[number] ?? '');
        });
        await index.write(name, JSON.stringify(place));
      } catch (error) {
        quietly(() => discard(name, place));
        throw error;
      }
      // The new text is already in effect. Failing to remove the old one is not a failure of the write.
      quietly(() => discard(name, before));
    },
    async remove(name) {
      // The secret goes first, then the index: if the logout fails, the user can try again.
      const place = parse(await index.read(name));
      attempt('remove from', [], () => discard(name, place));
      await index.remove(name);
    },
    names: () => index.names(),
  };
}

/** Uses `require`, because a bundler would follow `import`: the package is native, optional and never part of ours. */
async function installed(): Promise<unknown> {
  return createRequire(import.meta.url)(MODULE);
}

async function keyring(load: () => Promise<unknown>): Promise<Keyring> {
  let cause: unknown;
  try {
    const module = (await load()) as Partial<Keyring> & { readonly default?: Partial<Keyring> };
    const Entry = module.Entry ?? module.default?.Entry;
    if (typeof Entry === 'function') return { Entry };
  } catch (error) {
    cause = error;
  }
  const missing = (cause as { code?: unknown } | undefined)?.code === 'MODULE_NOT_FOUND';
  const message = `--credential-store keychain needs the package ${MODULE}, which ${missing ? 'is not installed' : 'cannot be loaded'}`;
  const hint = installHint(MODULE, { file: fileURLToPath(import.meta.url), executable: isSingleExecutable() });
  throw new ProxyError('usage', message, { hint }, cause);
}

/** Never splits a surrogate pair: half of one does not survive the encoding of the keychain. */
function piecesOf(text: string): string[] {
  const pieces: string[] = [];
  for (let from = 0; from < text.length; ) {
    let to = Math.min(from + PART, text.length);
    if (to < text.length && /[\ud800-\udbff]/.test(text.charAt(to - 1))) to--;
    pieces.push(text.slice(from, to));
    from = to;
  }
  return pieces;
}

function textOf(open: () => KeyringEntry[]): string | undefined {
  try {
    const pieces = open().map((entry) => entry.getPassword());
    return pieces.every((piece) => typeof piece === 'string') ? pieces.join('') : undefined;
  } catch {
    return undefined;
  }
}

function parse(text: string | undefined): IndexEntry | undefined {
  try {
    const { id, parts } = JSON.parse(text ?? '') as Partial<IndexEntry>;
    if (typeof id !== 'string' || typeof parts !== 'number') return undefined;
    return Number.isInteger(parts) && parts >= 0 && parts <= 1_000 ? { id, parts } : undefined;
  } catch {
    return undefined;
  }
}

function quietly(act: () => void): void {
  try {
    act();
  } catch {
    // The entries that remain hold nothing useful.
  }
}

/** Succeeds if the entry is absent. */
function remove(entry: KeyringEntry): void {
  try {
    entry.deletePassword();
  } catch (error) {
    if (!isAbsent(entry)) throw error;
  }
}

function isAbsent(entry: KeyringEntry): boolean {
  try {
    return typeof entry.getPassword() !== 'string';
  } catch (error) {
    // The message of old versions. Any other error says nothing about whether the entry exists.
    return error instanceof Error && /no matching entry/i.test(error.message);
  }
}

function attempt(doing: string, secrets: readonly string[], act: () => void): void {
  try {
    act();
  } catch (error) {
    const reason = redactor(secrets)(error instanceof Error ? error.message : String(error));
    const hint =
      'unlock the keychain (on Linux a Secret Service such as GNOME Keyring must run), or use --credential-store file';
    throw new ProxyError('internal', `cannot ${doing} the keychain: ${printable(reason, 200)}`, { hint });
  }
}
