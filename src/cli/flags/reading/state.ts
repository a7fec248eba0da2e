/** The flags of replicas: the store that they share, and the keys that seal what is in it. */
import type { StateConfig } from '../../../config.ts';
import type { Env } from '../../../core/ports.ts';
import { mayMeanCluster, STORE_URL_FORM, storeAddress } from '../../../state/redis/address.ts';
import { usageError } from '../usage-error.ts';
import { invalidValue } from '../value-checks.ts';
import type { Flags } from '../words.ts';
import { calledFile, type ReadFile, readGivenFile } from './given-files.ts';
import { expandVariables } from './placeholders.ts';

/** Characters. `openssl rand -hex 32` makes twice as many. */
const SHORTEST_KEY = 32;

/** Undefined without `--state`. Throws a usage error when the flags do not fit together. */
export function readState(flags: Flags, env: Env, readFile: ReadFile): StateConfig | undefined {
  const [url, key] = [flags.text('state'), flags.text('state-key')];
  if (url === undefined) {
    if (key === undefined) return undefined;
    throw usageError(
      '--state-key is given without --state',
      `name the store that replicas share: --state redis://HOST`,
    );
  }
  if (key === undefined) {
    throw usageError(
      '--state is given without --state-key',
      'openssl rand -hex 32 > state.key makes a key; give all replicas the same one: --state-key @state.key',
    );
  }
  if (flags.text('credential-store') === 'keychain') {
    throw usageError(
      '--state and --credential-store keychain cannot be used together',
      'with --state, the sign-ins are in the store, sealed; leave --credential-store out',
    );
  }
  const expanded = expandVariables(url, env, '--state');
  const address = storeAddress(expanded);
  // The value may hold a password.
  if (!address) {
    const hint = mayMeanCluster(expanded)
      ? 'the URL of a Redis Cluster begins with redis+cluster:// (rediss+cluster:// for TLS), and names some of its nodes: redis+cluster://HOST,HOST'
      : `expected ${STORE_URL_FORM}`;
    throw usageError(invalidValue('state', expanded), hint);
  }
  const keys = keysIn(key, env, readFile);
  const passwords = [address.password, address.sentinel?.password].filter((password) => password !== undefined);
  return { address, keys, secrets: [...keys, ...passwords] };
}

function keysIn(given: string, env: Env, readFile: ReadFile): string[] {
  const expanded = expandVariables(given, env, '--state-key');
  const isFile = /^@./.test(given);
  const text = isFile ? readGivenFile(expanded.slice(1), 'state-key', readFile) : expanded;
  const keys = text.split(/\s+/).filter((word) => word !== '');
  if (keys.length > 0 && keys.every((word) => word.length >= SHORTEST_KEY)) return keys;
  throw usageError(
    isFile
      ? `--state-key: ${calledFile(expanded.slice(1))} contains no key, or one that is too short`
      : '--state-key is too short',
    `expected at least ${SHORTEST_KEY} characters; a file may have several keys, one a line; openssl rand -hex 32 makes one`,
  );
}
