// One line of the report for each thing that was checked.

export interface Result {
  /** `features`, `local`, `away`, `rust` or `sign-in`. */
  readonly part: string;
  readonly client: string;
  readonly server: string;
  readonly era: string;
  /** How the client reaches the proxy. */
  readonly way: string;
  readonly check: string;
  /** Missing at the server, in the same way through the proxy. */
  readonly missing?: boolean;
  /** What is wrong, in one line. */
  readonly fault?: string | undefined;
}

export const resultsOf = (results: readonly Result[], want: Partial<Result>): Result[] =>
  results.filter((result) => Object.entries(want).every(([member, value]) => result[member as keyof Result] === value));
