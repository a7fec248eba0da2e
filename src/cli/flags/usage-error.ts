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
  return usageError(
    `${what} is not available yet`,
    'this version connects clients to remote servers: mcp-proxy https://server.example/mcp',
  );
}
