/** A configuration that must not be edited by a program, and the place in it that says why. */

export class Unreadable extends Error {
  /** Both count from 1; columns in UTF-16 units, as editors show them. */
  readonly line: number;
  readonly column: number;

  constructor(problem: string, line: number, column: number) {
    super(problem);
    this.line = line;
    this.column = column;
  }
}

export function unreadableAt(text: string, offset: number, problem: string): Unreadable {
  const before = text.slice(0, offset).split(/\r\n|\n|\r/);
  return new Unreadable(problem, before.length, (before.at(-1) ?? '').length + 1);
}
