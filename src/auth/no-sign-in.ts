import { ProxyError } from '../errors.ts';

/** The server asks for authorization, and nothing there tells how to sign in. */
export class NoSignIn extends ProxyError {}
