/** What a typo most likely meant. */

/** The candidate that is meant, or undefined when none is near. */
export function nearest(text: string, candidates: readonly string[]): string | undefined {
  const ranked = candidates
    .map((candidate) => ({ candidate, distance: editDistance(text.slice(0, 60), candidate) }))
    .sort((a, b) => a.distance - b.distance);
  // A longer or shorter form of a word is no typo, but meant all the same.
  const form = candidates.find((c) => text.length > 2 && (text.startsWith(c) || c.startsWith(text)));
  const best = ranked[0];
  if (form !== undefined) return form;
  return best && best.distance <= Math.max(1, Math.floor(best.candidate.length / 3)) ? best.candidate : undefined;
}

/** Levenshtein's distance: insertions, deletions and replacements that turn one text into the other. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    row = next;
  }
  return row[b.length] as number;
}
