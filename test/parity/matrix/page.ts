// The part of docs/compatibility.md that the matrix writes.

export const BEGIN = '<!-- Written by npm run matrix. -->';
export const END = '<!-- End of npm run matrix. -->';

/** That part, with the marks around it; undefined when the page has none. */
export function matrixIn(page: string): string | undefined {
  const [from, to] = [page.indexOf(BEGIN), page.indexOf(END)];
  return from === -1 || to < from ? undefined : page.slice(from, to + END.length);
}

export function withMatrix(page: string, part: string): string {
  const old = matrixIn(page);
  if (old === undefined) throw new Error(`docs/compatibility.md has no ${BEGIN} … ${END}`);
  return page.replace(old, () => part);
}
