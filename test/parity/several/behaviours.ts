// What a client of joined servers must see of each of them as if it were connected to that server alone.
import type { Behaviour } from '../stdio/behaviour.ts';
import { BEHAVIOURS } from '../stdio/behaviours.ts';

/** What a joined server answers itself, and what names no server. */
const OWN = new Set([
  // Lists are those of all servers, in pages of another size.
  'tools/list, page by page',
  'resources/list, page by page',
  'resources/templates/list, page by page',
  'prompts/list, page by page',
  'a cursor nobody handed out',
  // The words are those of the proxy.
  'an unknown tool',
  'an unknown prompt',
  'invalid params',
  'no params where there must be some',
  'a log level that does not exist',
  // Nothing in the request says whom it is for.
  'a vendor request',
  'an unknown method',
  // Until a server is used, nothing is sent to it.
  'ping',
]);

export const JOINED_BEHAVIOURS: readonly Behaviour[] = BEHAVIOURS.filter(({ name }) => !OWN.has(name));
