/** What is known of a flag. */
export interface Option {
  readonly name: string;
  readonly short?: string;
  /** How the value is called in the help; a flag without one is on or off. */
  readonly value?: string;
  readonly repeatable?: true;
  /** The values that are allowed, where they can be listed. */
  readonly choices?: readonly string[];
  /** Shown in the help; what applies when the flag is absent. */
  readonly default?: string;
  readonly help: string;
  /** What is expected instead of the value, or undefined when it is right. */
  readonly check?: (value: string) => string | undefined;
  /** Whether to expand placeholders such as `${NAME}` in the value. The values of other options must not contain any. */
  readonly expands?: true;
  /** Named by `--help`, and explained by `--help all` only. */
  readonly rare?: true;
  /** The heading of the help; without one, it is common. */
  readonly group?: 'http' | 'sign-in';
}
