import { ProxyError } from '../errors.ts';

/** The server asks for authorization, and nothing there says how to sign in. */
export class NoSignIn extends ProxyError {}
