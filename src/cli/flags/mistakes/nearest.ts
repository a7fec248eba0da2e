/** Finds the word that a typo most likely meant. */

/** A longer text is not a typo of a known word. */
const LONGEST = 60;

/**
 * The candidate that is one typing slip away, or two in words of six letters or more; undefined when
 * there is none, or when several are equally near. Leading dashes do not count as letters.
 */
export function nearest(text: string, candidates: readonly string[]): string | undefined {
  const word = text.replace(/^-+/, '');
  if (word.length > LONGEST) return undefined;
  const ranked = candidates
    .map((candidate) => ({ candidate, distance: editDistance(word, candidate.replace(/^-+/, '')) }))
    .sort((a, b) => a.distance - b.distance);
  const [best, second] = ranked;
  if (best === undefined || best.distance === second?.distance) return undefined;
  return best.distance <= (word.length < 6 ? 1 : 2) ? best.candidate : undefined;
}

/**
 * Optimal string alignment: the number of insertions, deletions, replacements and swaps of neighbours that turn one
 * text into the other.
 */
function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const best = Math.min(replaced, (row[j] as number) + 1, (next[j - 1] as number) + 1);
      next.push(swapped ? Math.min(best, (before[j - 2] as number) + 1) : best);
    }
    before = row;
    row = next;
  }
  return row[b.length] as number;
}
