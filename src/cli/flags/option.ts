/** The description of a flag. */
export interface Option {
  readonly name: string;
  readonly short?: string;
  /** The name of the value in the help. A flag without one is on or off. */
  readonly value?: string;
  readonly repeatable?: true;
  /** The allowed values, where they can be listed. */
  readonly choices?: readonly string[];
  /** What the flag expects instead of the value, or undefined when the value is right. */
  readonly check?: (value: string) => string | undefined;
  /** Whether to expand placeholders such as `${NAME}` in the value. The values of other options must not contain any. */
  readonly expands?: true;
  /** Its heading in the help. Without one, the flag is common. */
  readonly group?: 'policy' | 'http' | 'local' | 'sign-in' | 'install';
  /** The only kind of server that it concerns: one at a URL, or one that a command starts. */
  readonly for?: 'url' | 'command';
  /** The commands that have it. Without them, all have it. */
  readonly only?: readonly string[];
}
