/** The pins of tools in files, one for each server. Safe for many processes at once. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PinStore, Pins } from '../../core/ports/pins.ts';
import type { Lock, Locks } from '../../core/ports.ts';
import { ProxyError } from '../../errors.ts';
import { ifThere } from '../../platform/files.ts';
import { write } from './changes.ts';

interface WrittenPins {
  /** The server, for people who look into the file. */
  readonly server: string;
  readonly pinned: readonly (readonly [name: string, definition: string])[];
  readonly changed: readonly (readonly [name: string, definition: string])[];
}

export interface PinFileOptions {
  /** The program's cache folder. */
  readonly folder: string;
  readonly locks: Locks;
  /** What tells servers apart: a URL, or the words of a command. */
  readonly identity: string;
  /** The server, without secrets. */
  readonly label: string;
}

const NONE: Pins = { pinned: new Map(), changed: new Map() };
/** How long another process may change the file, in milliseconds. */
const PATIENCE = 5_000;
const INTERVAL = 50;

export function filePins({ folder, locks, identity, label }: PinFileOptions): PinStore {
  const place = join(folder, 'pins');
  // The identity may have a secret in it, so its digest names the file.
  const name = createHash('sha256').update(identity).digest('hex').slice(0, 32);
  const file = join(place, `${name}.json`);
  const read = async (): Promise<Pins> => {
    const text = await ifThere(readFile(file, 'utf8')).catch((error) => {
      throw unusable('read', file, error);
    });
    return text === undefined ? NONE : parse(text, file);
  };
  return {
    place: file,
    read,
    async update(change) {
      const lock = locks(`pins-${name}`);
      await acquire(lock, file);
      try {
        const { pinned, changed } = change(await read());
        const written: WrittenPins = { server: label, pinned: [...pinned], changed: [...changed] };
        await write([folder, place], file, JSON.stringify(written)).catch((error) => {
          throw unusable('write', file, error);
        });
      } finally {
        await lock.release();
      }
    },
  };
}

async function acquire(lock: Lock, file: string): Promise<void> {
  for (let waited = 0; !(await lock.tryAcquire()); waited += INTERVAL) {
    if (waited >= PATIENCE) throw unusable('lock', file);
    await new Promise((resolve) => setTimeout(resolve, INTERVAL));
  }
}

function parse(text: string, file: string): Pins {
  try {
    const { pinned, changed } = JSON.parse(text) as WrittenPins;
    for (const [name, definition] of [...pinned, ...changed]) {
      if (typeof name !== 'string') throw new Error('a name is not a text');
      JSON.parse(definition);
    }
    return { pinned: new Map(pinned), changed: new Map(changed) };
  } catch (error) {
    throw unusable('understand', file, error);
  }
}

/** A file that says nothing must not count as a first sight. */
function unusable(doing: string, file: string, cause?: unknown): ProxyError {
  const hint = `make ${file} a file that this user can read and write, or delete it to pin the tools as they are now`;
  return new ProxyError('internal', `cannot ${doing} the pinned tools in ${file}`, { hint }, cause);
}
