/** The difference between two texts, as people read it. Pure. */

/** Lines of context before and after a change. */
const CONTEXT = 3;
/** The longest line that is shown whole, in UTF-16 units. Some files are one line. */
const LONGEST = 300;
/** What is shown around a change in a longer line. */
const AROUND = 60;

/** The lines of the one region that changed, with `-` and `+`, and some before and after it; empty when nothing changed. */
export function difference(before: string, after: string): string[] {
  if (before === after) return [];
  const [old, edited] = [linesOf(before), linesOf(after)];
  const start = common(old, edited, (lines, i) => lines[i]);
  const most = Math.min(old.length, edited.length) - start;
  const end = Math.min(
    most,
    common(old, edited, (lines, i) => lines[lines.length - 1 - i]),
  );
  const [removed, added] = [old.slice(start, old.length - end), edited.slice(start, edited.length - end)];
  const line = (mark: string) => (text: string) => `${mark} ${shortened(text)}`;
  const around = [
    old.slice(Math.max(0, start - CONTEXT), start),
    old.slice(old.length - end, old.length - end + CONTEXT),
  ] as const;
  return [...around[0].map(line(' ')), ...changed(removed, added), ...around[1].map(line(' '))];
}

function linesOf(text: string): string[] {
  const lines = text.split(/\r?\n/);
  return lines.at(-1) === '' ? lines.slice(0, -1) : lines;
}

function common(
  a: readonly string[],
  b: readonly string[],
  at: (lines: readonly string[], i: number) => string | undefined,
) {
  let count = 0;
  while (count < Math.min(a.length, b.length) && at(a, count) === at(b, count)) count++;
  return count;
}

function changed(removed: readonly string[], added: readonly string[]): string[] {
  const [old = '', edited = ''] = [removed[0], added[0]];
  const isLong = removed.length === 1 && added.length === 1 && Math.max(old.length, edited.length) > LONGEST;
  if (!isLong)
    return [...removed.map((text) => `- ${shortened(text)}`), ...added.map((text) => `+ ${shortened(text)}`)];
  const [a, b] = [[...old], [...edited]];
  const start = common(a, b, (units, i) => units[i]);
  const end = Math.min(
    Math.min(a.length, b.length) - start,
    common(a, b, (units, i) => units[units.length - 1 - i]),
  );
  const cut = (units: string[]): string => {
    const [from, to] = [Math.max(0, start - AROUND), Math.min(units.length, units.length - end + AROUND)];
    return `${from > 0 ? '…' : ''}${units.slice(from, to).join('')}${to < units.length ? '…' : ''}`;
  };
  return [`- ${cut(a)}`, `+ ${cut(b)}`];
}

function shortened(text: string): string {
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}
