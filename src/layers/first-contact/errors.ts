import type { Reply } from '../../core/jsonrpc.ts';
import type { SignIn } from '../../core/sign-in.ts';
import { ProxyError } from '../../errors.ts';

/** The error of a request that must wait until the user has signed in. */
export function notYet({ signIn, server }: { readonly signIn: SignIn; readonly server: string }): ProxyError {
  const page = signIn.pending?.url;
  const code = signIn.pending?.userCode;
  const where = page === undefined ? '' : `: ${page}${code === undefined ? '' : ` (code ${code})`}`;
  return new ProxyError('sign-in-needed', `${server} asks for a sign-in${where}`, {
    ...(page !== undefined && { signIn: page }),
    hint: 'sign in, then try again',
  });
}

/** The server has answered `initialize` with an error, which answers every other request as well. */
export class ServerRefused extends Error {
  readonly reply: Reply;

  constructor(reply: Reply) {
    super('the server has refused to open a session');
    this.reply = reply;
  }
}
