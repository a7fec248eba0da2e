/** What a configuration is without a server that this program wrote. Pure. */
import { isBlank, serversIn, withoutEmptySection, withoutServer, withServer } from './configuration.ts';
import { objectOf } from './entries.ts';
import type { Host } from './host.ts';
import { digest, type Receipt } from './receipts.ts';

export interface Installed {
  /** The bytes of the file now, and their text. */
  readonly bytes: Buffer;
  readonly text: string;
  readonly receipt: Receipt | undefined;
  /** The copy of the bytes before, if there is one. */
  readonly backup: Buffer | undefined;
}

/**
 * The bytes from before, if nothing else has changed since; else the bytes of now without the server, or with the one
 * that it replaced. Undefined when no file is left. Throws Unreadable.
 */
export function undone(host: Host, name: string, { bytes, text, receipt, backup }: Installed): Buffer | undefined {
  const before = receipt && backup && digest(backup) === receipt.before ? backup : undefined;
  if (receipt && digest(bytes) === receipt.after) {
    if (receipt.before === null) return undefined;
    if (before) return before;
  }
  const servers = before ? serversIn(host, before.toString('utf8')) : {};
  if (Object.hasOwn(servers, name)) return Buffer.from(withServer(host, text, name, objectOf(servers[name])));
  const without = withoutServer(host, text, name);
  const rest = receipt?.madeSection ? withoutEmptySection(host, without) : without;
  return receipt?.madeFile && isBlank(rest) ? undefined : Buffer.from(rest);
}
