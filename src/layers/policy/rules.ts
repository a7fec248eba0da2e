/** Which tools, prompts and resources clients may use, by their names. Pure. */
import type { Policy } from '../../config.ts';
import { anyOf, type Matcher } from './pattern.ts';
import { spellingsOf, vagueSpellingsOf, withoutEmptySegments } from './uri-spellings.ts';

export type Kind = 'tool' | 'prompt' | 'resource';

/** Whether an item of a kind is hidden, by its name or URI. */
type Hides = (name: string) => boolean;

/** The rules for each kind that has any. */
export type Rules = Readonly<Partial<Record<Kind, Hides>>>;

/** @param isOwn whether a tool is the proxy's own at the moment: it need not be among those that a user names. */
export function rulesOf(ignoreTools: readonly string[], policy: Policy, isOwn: Matcher): Rules {
  const { onlyTools, ignorePrompts, onlyPrompts, ignoreResources, onlyResources } = policy;
  const tool = hides(ignoreTools, onlyTools, { isOwn });
  const prompt = hides(ignorePrompts, onlyPrompts);
  const resource = hides(ignoreResources, onlyResources, {
    spellings: spellingsOf,
    vague: vagueSpellingsOf,
    plain: withoutEmptySegments,
  });
  return { ...(tool && { tool }), ...(prompt && { prompt }), ...(resource && { resource }) };
}

interface HidesOptions {
  readonly isOwn?: Matcher;
  /** The names that a server may take a name for; undefined for a name that is hidden in any case. */
  readonly spellings?: (name: string) => readonly string[] | undefined;
  /** A spelling and further ones, which only hide: a name need not be allowed in them. */
  readonly vague?: (spelling: string) => readonly string[];
  /** A pattern as it matches the other spellings of a name that it matches. */
  readonly plain?: (pattern: string) => string;
}

/**
 * Hides what any spelling of a name says is to be hidden, and what not all of its spellings allow. Undefined when there
 * is nothing to hide.
 */
function hides(
  ignore: readonly string[] = [],
  only: readonly string[] = [],
  { isOwn = () => false, spellings = justOne, vague = justOne, plain = (pattern) => pattern }: HidesOptions = {},
): Hides | undefined {
  if (ignore.length + only.length === 0) return undefined;
  const ignored = anyOf([...ignore, ...ignore.map(plain)]);
  const named = anyOf(only);
  const plainlyNamed = anyOf(only.map(plain));
  const allowed: Matcher = (name) => only.length === 0 || named(name) || isOwn(name);
  return (name) => {
    const all = spellings(name);
    if (all === undefined || !allowed(name)) return true;
    return all.some((each) => vague(each).some(ignored) || !(allowed(each) || plainlyNamed(each)));
  };
}

const justOne = (name: string): readonly string[] => [name];
