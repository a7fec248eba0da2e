/** Errors of the command line. A mangled one may put a secret in any place, so no value is ever repeated. */
import { ProxyError } from '../errors.ts';

export function usageError(message: string, hint: string): ProxyError {
  return new ProxyError('usage', message, { hint });
}

export function notYet(what: string): ProxyError {
  return usageError(`${what} is not available yet`, 'this version connects clients to remote servers');
}
