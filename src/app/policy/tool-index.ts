/** The index of a list of tools: BM25 over names, descriptions and parameters. Loaded for --tool-search. */
import { createHash } from 'node:crypto';
import MiniSearch from 'minisearch';
import type { IndexedTool, MakeToolIndex, ToolIndex } from '../../core/ports/tool-index.ts';

/** What is searched, of one tool. */
interface ToolDocument {
  readonly id: number;
  readonly name: string;
  readonly description: string;
  readonly parameters: string;
}

/** Lists that are kept for the next client that has them. */
const KEPT = 8;
/** Characters of one description: a longer one would make its tool match everything. */
const LONGEST = 8_000;
/** Words that are in every request. */
const STOP_WORDS = new Set(
  'a an and are as at be by can do for from get have how i in is it me my of on or our please that the their them these this to want we what when which who with you your'.split(
    ' ',
  ),
);

export function toolIndexes(): MakeToolIndex {
  const kept = new Map<string, ToolIndex>();
  return (tools) => {
    const hash = createHash('sha256');
    for (const { definition } of tools) hash.update(definition).update('\n');
    const key = hash.digest('base64url');
    const index = kept.get(key) ?? indexOf(tools);
    kept.delete(key);
    kept.set(key, index);
    for (const oldest of kept.keys()) {
      if (kept.size <= KEPT) break;
      kept.delete(oldest);
    }
    return index;
  };
}

function indexOf(tools: readonly IndexedTool[]): ToolIndex {
  const byName = new Map(tools.map((tool) => [tool.name, tool]));
  const all = [...byName.values()];
  const engine = new MiniSearch<ToolDocument>({
    fields: ['name', 'description', 'parameters'],
    tokenize: wordsOf,
    processTerm: (word) => (STOP_WORDS.has(word) ? null : stem(word)),
    searchOptions: {
      boost: { name: 3, description: 1, parameters: 0.5 },
      prefix: (word) => word.length > 3,
      fuzzy: (word) => (word.length > 5 ? 0.2 : false),
      weights: { prefix: 0.4, fuzzy: 0.2 },
    },
  });
  engine.addAll(all.map(documentOf));
  return {
    size: all.length,
    get: (name) => byName.get(name),
    search(words, limit) {
      const exact = named(words, byName);
      const found = engine.search(words).map(({ id }) => all[id as number] as IndexedTool);
      return [...new Set([...exact, ...found])].slice(0, limit);
    },
  };
}

/** The tools that the words name, in the order of the words. */
function named(words: string, byName: ReadonlyMap<string, IndexedTool>): IndexedTool[] {
  const names = [words.trim(), ...words.split(/[\s,;"'`()]+/)];
  return names.flatMap((name) => byName.get(name) ?? []);
}

function documentOf({ name, definition }: IndexedTool, id: number): ToolDocument {
  const { title, description, inputSchema } = JSON.parse(definition.toString('utf8')) as Record<string, unknown>;
  const text = [title, description].filter((part) => typeof part === 'string').join(' ');
  return { id, name, description: text.slice(0, LONGEST), parameters: parametersOf(inputSchema).slice(0, LONGEST) };
}

/** The names of the parameters, and what is said about them. */
function parametersOf(schema: unknown): string {
  const properties = (schema as { properties?: unknown } | undefined)?.properties;
  if (typeof properties !== 'object' || properties === null) return '';
  const parts = Object.entries(properties).map(([name, value]) => {
    const description = (value as { description?: unknown } | null)?.description;
    return typeof description === 'string' ? `${name} ${description}` : name;
  });
  return parts.join(' ');
}

/** Words in lower case; `createIssue`, `create_issue` and `create-issue` are two words each. */
function wordsOf(text: string): string[] {
  const apart = text.replace(/(\p{Ll}|\p{N})(\p{Lu})/gu, '$1 $2').replace(/(\p{Lu})(\p{Lu}\p{Ll})/gu, '$1 $2');
  return apart.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
}

/** Plural and singular, and the forms of a verb, are one word. */
function stem(word: string): string {
  if (word.length < 4) return word;
  return word
    .replace(/ies$/, 'y')
    .replace(/(?<=[^s])s$/, '')
    .replace(/(?<=\p{L}{3})(?:ing|ed)$/u, '')
    .replace(/e$/, '');
}
