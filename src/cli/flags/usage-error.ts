/** Errors of the command line. A mangled one may put a secret in any place, so no value is ever repeated. */
import { ProxyError } from '../../errors.ts';
import type { Option } from './option.ts';

export function usageError(message: string, hint: string): ProxyError {
  return new ProxyError('usage', message, { hint });
}

/** What is wrong with the arguments, and the part of them that the explanation needs. */
export type Mistake =
  | { readonly kind: 'url'; readonly given: string }
  | { readonly kind: 'command'; readonly words: readonly string[] }
  /** A command after a subcommand that takes none, or besides a URL; or nothing after `--`. */
  | { readonly kind: 'local'; readonly subcommand: string | undefined; readonly hasUrl: boolean }
  /** A server or a command beside `--config`, or `--server` without it. */
  | ({ readonly kind: 'config' } & MisplacedFile)
  | ({ readonly kind: 'other-server' } & OtherServer)
  | ({ readonly kind: 'surplus' } & Surplus)
  /** The flag as it was written, dashes included. */
  | { readonly kind: 'flag'; readonly flag: string; readonly value: string | undefined }
  /** A flag whose value is missing: its name, without dashes. */
  | { readonly kind: 'valueless'; readonly name: string }
  | ({ readonly kind: 'choice' } & Choice)
  | { readonly kind: 'unexpanded'; readonly text: string; readonly where: string }
  | ({ readonly kind: 'shell-variable' | 'placeholder' } & OtherSyntax)
  | ({ readonly kind: 'no-value' } & NoValue)
  | { readonly kind: 'header'; readonly text: string; readonly name: string }
  | { readonly kind: 'header-value'; readonly name: string; readonly value: string }
  | ({ readonly kind: 'file' } & UnreadableFile);

/** The values of `--config` and `--server`, and the subcommand. */
export interface MisplacedFile {
  readonly file: string | undefined;
  readonly server: string | undefined;
  readonly command: string | undefined;
}

/** A flag that concerns only servers of the other kind. */
export interface OtherServer {
  readonly option: Option;
  readonly concerns: 'url' | 'command';
}

/** More arguments than the URL. */
export interface Surplus {
  readonly targets: readonly string[];
  readonly headers: readonly string[];
  readonly subcommand: string | undefined;
}

/** A value that is none of those that a flag has. */
export interface Choice {
  /** The name of the flag. */
  readonly name: string;
  readonly choices: readonly string[];
  readonly value: string;
}

/** A variable in another syntax than that of placeholders. */
export interface OtherSyntax {
  readonly text: string;
  /** What holds the variable, as the error names it. */
  readonly where: string;
  /** Whether the environment has a value for a variable. */
  readonly isSet: (variable: string) => boolean;
}

/** A placeholder without a value. */
export interface NoValue {
  readonly text: string;
  /** What holds the placeholder, as the error names it. */
  readonly where: string;
  readonly variable: string;
  readonly isSet: boolean;
}

/** A file that a flag names, and that cannot be read. */
export interface UnreadableFile {
  readonly name: string;
  readonly flag: string;
  /** The code of Node's error. */
  readonly code: string | undefined;
}

/** A mistake whose message and hint `mistakes/explain.ts` writes. It is loaded on demand: a correct start does without it. */
export class UnexplainedMistake extends ProxyError {
  readonly mistake: Mistake;

  constructor(mistake: Mistake) {
    super('usage', 'the arguments are wrong');
    this.mistake = mistake;
  }
}
