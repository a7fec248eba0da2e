/**
 * The names that a client sees of tools and prompts of several servers. A name that only one server has stays as it is.
 * Where several servers have it, each of them shows it as `server__name`. So a name does not depend on the order of the
 * servers, or on which of them answered first. Pure.
 */

const SEPARATOR = '__';

/** What one server has, under its own names. */
export interface Named {
  readonly server: string;
  /** Whether a name has the server in front wherever it is shown. */
  readonly prefix: (name: string) => boolean;
  readonly names: readonly string[];
}

/** The name with the server in front, which always means this server's own. */
export function prefixedName(server: string, name: string): string {
  return `${server}${SEPARATOR}${name}`;
}

/**
 * The shown names of each server, in the order of its own.
 * @param qualify puts the name of a server into a name
 */
export function shownNames(all: readonly Named[], qualify: typeof prefixedName = prefixedName): string[][] {
  const qualified = all.map(({ prefix, names }) => new Set(names.filter(prefix)));
  // A qualified name may be a name that another server really has: then that one is qualified as well.
  for (let changed = true; changed; ) {
    changed = false;
    const holders = holdersOf(all, qualified, qualify);
    all.forEach(({ names }, at) => {
      for (const name of names) {
        const held = holders.get(name);
        if (qualified[at]?.has(name) || held === undefined || held.size < 2) continue;
        qualified[at]?.add(name);
        changed = true;
      }
    });
  }
  return all.map(({ server, names }, at) =>
    names.map((name) => (qualified[at]?.has(name) ? qualify(server, name) : name)),
  );
}

/** For each name: what would be shown with it, or has it as its own name, by server and own name. */
function holdersOf(
  all: readonly Named[],
  qualified: readonly ReadonlySet<string>[],
  qualify: typeof prefixedName,
): Map<string, Set<string>> {
  const holders = new Map<string, Set<string>>();
  all.forEach(({ server, prefix, names }, at) => {
    for (const name of names) {
      const shown = qualified[at]?.has(name) ? [qualify(server, name)] : [];
      // Such a name is out of the way of the others.
      for (const one of prefix(name) ? shown : [name, ...shown]) {
        holders.set(one, (holders.get(one) ?? new Set()).add(`${at} ${name}`));
      }
    }
  });
  return holders;
}
