/** Takes changed definitions of pinned tools. Pure. */
import type { Pins } from '../../../core/ports/pins.ts';

/**
 * The pins with these changes taken.
 * @param changes definitions by the names of the tools, as the user has seen them: what has changed since then is
 * another change, and stays one
 */
export function accepted(pins: Pins, changes: ReadonlyMap<string, string>): Pins {
  const pinned = new Map(pins.pinned);
  const changed = new Map(pins.changed);
  for (const [name, definition] of changes) {
    if (changed.get(name) !== definition) continue;
    changed.delete(name);
    pinned.set(name, definition);
  }
  return { pinned, changed };
}
