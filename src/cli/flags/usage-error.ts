/** Errors of the command line. A mangled one may put a secret in any place, so no value is ever repeated. */
import { ProxyError } from '../../errors.ts';

export function usageError(message: string, hint: string): ProxyError {
  return new ProxyError('usage', message, { hint });
}

/** A flag, or a value of one, that this program does not have. Another program may have it: see `foreign-flags.ts`. */
export class UnknownWord extends ProxyError {
  /** As it was written, dashes included. */
  readonly flag: string;
  readonly value: string | undefined;

  constructor(message: string, hint: string, flag: string, value: string | undefined) {
    super('usage', message, { hint });
    this.flag = flag;
    this.value = value;
  }
}

export function notYet(what: string): ProxyError {
  return usageError(`${what} is not available yet`, 'this version connects clients to remote servers');
}

/** Whether the first argument begins a command, as for other programs, which start a local server with it. */
export function beginsCommand(word: string | undefined): boolean {
  return word !== undefined && COMMAND.test(word);
}

const COMMAND =
  /^(?:(?:npx|npm|pnpm|yarn|bunx?|deno|node|tsx|uvx?|pipx|python3?|py|docker|podman|go|java|dotnet|bash|sh|cmd)(?:\.exe|\.cmd)?|\.{0,2}\/.*|[A-Za-z]:\\.*)$/;
