/** What people read about a flag. */
export interface Description {
  readonly help: string;
  /** What applies when the flag is absent. */
  readonly default?: string;
  /** `--help` only names the flag; `--help all` explains it. */
  readonly rare?: true;
}
