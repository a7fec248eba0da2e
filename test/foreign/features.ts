// What is compared: each feature as a client sees it over a direct connection and through the proxy.
import { isDeepStrictEqual } from 'node:util';
import type { Era, ServerName } from './peers.ts';

// biome-ignore lint/suspicious/noExplicitAny: whatever a peer sent
type Value = any;

interface Feature {
  name: string;
  /** The names that the clients use; they show the pages of a list under its name. */
  of?: string;
  /** Whether a value shows that the feature is there, and not how it is missing. */
  isThere(value: Value): boolean;
}

const text = (value: Value): string => value.content?.[0]?.text ?? '';
const inside = (value: Value): Value => JSON.parse(text(value));
const pages = (value: Value): Value[] => [value].flat();

export const FEATURES: readonly Feature[] = [
  { name: 'opening', isThere: ({ opened }) => opened.instructions.startsWith('Grüße from') },
  { name: 'tools', isThere: (value) => pages(value).flatMap(({ tools }) => tools).length === 11 },
  { name: 'pagination', of: 'tools', isThere: (value) => pages(value).length > 1 },
  { name: 'call', isThere: (value) => text(value) === 'ünïcödé 🧪' },
  { name: 'tool error', isThere: (value) => value.isError === true && text(value) !== '' },
  { name: 'protocol error', isThere: ({ error }) => typeof error.code === 'number' && error.message !== '' },
  { name: 'progress', isThere: ({ steps, result }) => steps.length === 3 && text(result) === 'done' },
  { name: 'cancellation', isThere: ({ ended }) => text(ended) === 'cancelled' },
  { name: 'logging', isThere: ({ messages }) => messages.at(-1).data.code === 7 },
  { name: 'elicitation', isThere: (value) => inside(value).content.name === 'Zoë' },
  { name: 'sampling', isThere: (value) => inside(value).content.text === 'ü!' },
  { name: 'roots', isThere: (value) => inside(value).roots[0].uri === 'file:///srv/eins' },
  { name: 'resources', isThere: (value) => pages(value)[0].resources[0].uri === 'memo://plain' },
  { name: 'resource templates', of: 'templates', isThere: (value) => pages(value)[0].resourceTemplates.length === 1 },
  { name: 'read a resource', of: 'read', isThere: ({ contents }) => contents[0].text === 'ein Memo' },
  { name: 'read by template', isThere: ({ contents }) => contents[0].text === 'note 7' },
  {
    name: 'resource subscriptions',
    of: 'subscription',
    isThere: ({ arrived, subscribed }) => arrived && subscribed?.error === undefined,
  },
  { name: 'prompts', isThere: (value) => pages(value)[0].prompts[0].name === 'letter' },
  { name: 'get a prompt', of: 'prompt', isThere: ({ messages }) => messages[0].content.text === 'Dear Ödön' },
  { name: 'completion', isThere: ({ completion }) => completion.values.join() === 'Paris,Parma' },
  { name: 'list changes', isThere: ({ arrived }) => arrived },
];

/** If a server does not have the feature, the way in which it says so is compared. */
export const MISSING: readonly { server: ServerName; era?: Era; features: readonly string[]; why: string }[] = [
  { server: 'python-1', features: ['pagination'], why: 'its high-level server lists everything on one page' },
  { server: 'python-2', features: ['pagination'], why: 'its high-level server lists everything on one page' },
  { server: 'fastmcp-3', features: ['completion'], why: 'FastMCP 3 has none' },
  { server: 'fastmcp-4', era: 'legacy', features: ['resource subscriptions'], why: 'FastMCP 4 takes none' },
  {
    server: 'fastmcp-4',
    era: 'modern',
    features: ['resource subscriptions', 'list changes'],
    why: 'FastMCP 4 does not serve subscriptions/listen',
  },
];

export function isMissing(server: ServerName, era: Era, feature: string): boolean {
  return MISSING.some(
    (entry) =>
      entry.server === server && (entry.era === undefined || entry.era === era) && entry.features.includes(feature),
  );
}

export type Values = ReadonlyMap<string, unknown>;

/** What is wrong with one feature of one pair, if anything is. */
export function fault(feature: Feature, direct: Values, proxied: Values, missing: boolean): string | undefined {
  const key = feature.of ?? feature.name;
  const [expected, actual] = [direct.get(key), proxied.get(key)];
  if (isThere(feature, expected) === missing) {
    return missing ? 'is there, but listed as missing' : `not there without the proxy: ${short(expected)}`;
  }
  if (isDeepStrictEqual(actual, expected)) return undefined;
  return `${short(actual)}, but without the proxy ${short(expected)}`;
}

function isThere(feature: Feature, value: unknown): boolean {
  try {
    return feature.isThere(value);
  } catch {
    return false;
  }
}

const short = (value: unknown): string => (JSON.stringify(value) ?? 'nothing').slice(0, 300);
