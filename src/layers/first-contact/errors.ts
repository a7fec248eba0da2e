import type { SignIn } from '../../core/sign-in.ts';
import { ProxyError, WaitsForUser } from '../../errors.ts';

/** The error of a request that must wait until the user has signed in. */
export function notYet({ signIn, server }: { readonly signIn: SignIn; readonly server: string }): ProxyError {
  const page = signIn.pending?.url;
  const code = signIn.pending?.userCode;
  const where = page === undefined ? '' : `: ${page}${code === undefined ? '' : ` (code ${code})`}`;
  const Kind = page === undefined ? ProxyError : WaitsForUser;
  return new Kind('sign-in-needed', `${server} asks for a sign-in${where}`, {
    ...(page !== undefined && { signIn: page }),
    hint: 'sign in, then try again',
  });
}
