/** The sign-in that is stored for a server. Only read: nothing is refreshed, and nothing is written. */
import { type Credentials, credentialsName, isForUs, isStale } from '../../../../auth/vault/credentials.ts';
import { readStored } from '../../../../auth/vault/stored.ts';
import type { HttpServer, ProcessConfig } from '../../../../config.ts';
import { credentialStore } from '../../../sign-in-parts.ts';

export interface StoredSignIn {
  readonly credentials: Credentials | undefined;
  /** Which part of the record is unusable, and why. */
  readonly problem: string | undefined;
  /** Whether it belongs to the client that is configured now. */
  readonly isForUs: boolean;
}

export async function readStoredSignIn({ url, auth }: HttpServer, config: ProcessConfig): Promise<StoredSignIn> {
  const store = await credentialStore(config);
  const text = await store.read(credentialsName(url, auth.resource, auth.profile));
  const { credentials, problem } =
    text === undefined ? { credentials: undefined, problem: undefined } : readStored(text);
  return { credentials, problem, isForUs: credentials !== undefined && isForUs(credentials, auth) };
}

/** Whether the proxy would send the token as it is. */
export function isUsable({ credentials, isForUs: isOwn }: StoredSignIn, now: number): boolean {
  return isOwn && credentials?.tokens !== undefined && !isStale(credentials.tokens, now);
}
