/**
 * From the entry of another program, or of a host's own connection, to the words of this one. The flags of other
 * programs are those of `foreign-flags.ts`, which docs/migrating.md lists too. Pure.
 */
import type { Found } from '../../../hosts/entries.ts';
import type { Host } from '../../../hosts/host.ts';
import { checkPort } from '../../flags/checks.ts';
import { foreignHint } from '../../flags/mistakes/foreign-flags.ts';
import type { Option } from '../../flags/option.ts';
import { OPTIONS } from '../../flags/options.ts';
import { bridgeIn } from '../../flags/pasted-command.ts';
import { isHttpUrl } from '../../flags/url-argument.ts';
import { notYet, usageError } from '../../flags/usage-error.ts';

export interface Rewritten {
  /** The URL and the flags. */
  readonly words: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** What was left out. */
  readonly notes: readonly string[];
}

/** Variables of other programs that mean nothing here. */
const WITHOUT_MEANING = new Set(['MCP_REMOTE_CONFIG_DIR', 'SSE_URL']);

/** Throws a usage error for an entry that cannot be taken over. */
export function rewritten({ words, env, url, headers }: Found, host: Pick<Host, 'variable'>): Rewritten {
  const plain = (text: string): string => (host.variable ? text.replace(host.variable, '${$1}') : text);
  const kept = Object.entries(env).filter(([name]) => !WITHOUT_MEANING.has(name));
  const common = { env: Object.fromEntries(kept) };
  if (url !== undefined) {
    const flags = Object.entries(headers).flatMap(([name, value]) => ['--header', `${name}: ${plain(value)}`]);
    return { words: [plain(url), ...flags], notes: [], ...common };
  }
  const at = words.findIndex((word) => bridgeIn(word) !== undefined);
  if (at === -1) throw notYet('a local server');
  const rewriting = new Rewriting(bridgeIn(words[at] as string) as string, words.slice(at + 1).map(plain));
  const found = rewriting.url ?? env.SSE_URL;
  if (found === undefined) throw notYet('a local server');
  const bearer = env.API_ACCESS_TOKEN === undefined ? [] : ['--header', 'Authorization: Bearer ${API_ACCESS_TOKEN}'];
  return { words: [found, ...rewriting.flags, ...bearer], notes: rewriting.notes, ...common };
}

/** Goes through the words of a program once. */
class Rewriting {
  readonly flags: string[] = [];
  readonly notes: string[] = [];
  url: string | undefined;
  readonly #program: string;
  readonly #rest: string[];

  constructor(program: string, words: readonly string[]) {
    this.#program = program;
    this.#rest = [...words];
    for (let word = this.#rest.shift(); word !== undefined; word = this.#rest.shift()) {
      if (word.startsWith('-')) this.#flag(word);
      else this.#argument(word);
    }
  }

  #argument(word: string): void {
    if (isHttpUrl(word) && this.url === undefined) this.url = word;
    else if (this.#program === 'mcp-remote' && checkPort(word) === undefined) this.flags.push('--callback-port', word);
    else throw notYet('a local server');
  }

  #flag(word: string): void {
    const [, flag = word, attached] = /^(--[^=]+)=(.*)$/s.exec(word) ?? [];
    const own = OPTIONS.find(({ name, short }) => flag === `--${name}` || flag === `-${short}`);
    if (this.#isHeaderInTwo(flag, attached)) {
      this.flags.push('--header', `${this.#rest.shift()}: ${this.#rest.shift()}`);
      return;
    }
    if (own?.value === undefined && own) {
      this.flags.push(`--${own.name}`);
      return;
    }
    const value = attached ?? this.#value(own);
    const hint = foreignHint(flag, value);
    if (own && hint === undefined && value !== undefined) this.flags.push(`--${own.name}`, value);
    else this.#foreign(flag, value, hint);
  }

  /** The mcp-proxy of sparfenyuk has name and value of a header in two arguments. */
  #isHeaderInTwo(flag: string, attached: string | undefined): boolean {
    const isHeader = flag === '--headers' || flag === '-H';
    return isHeader && attached === undefined && this.#rest.length >= 2 && !this.#rest[0]?.includes(':');
  }

  /** The next word, where the flag has a value. A flag of another program has one if none of ours, and no URL, follows. */
  #value(own: Option | undefined): string | undefined {
    const [next] = this.#rest;
    if (next === undefined) return undefined;
    // supergateway has the URL as the value of a flag.
    const isUrl = isHttpUrl(next) && this.url === undefined && this.#program !== 'supergateway';
    return own !== undefined || !(next.startsWith('-') || isUrl) ? this.#rest.shift() : undefined;
  }

  #foreign(flag: string, value: string | undefined, hint: string | undefined): void {
    const key = flag.replaceAll('-', '').toLowerCase();
    if ((key === 'sse' || key === 'streamablehttp') && value !== undefined && isHttpUrl(value)) {
      this.url = value;
    } else if (key === 'oauth2bearer' && value !== undefined) {
      this.flags.push('--header', `Authorization: Bearer ${value}`);
    } else if (hint?.startsWith('leave it out')) {
      this.notes.push(`${flag} is left out${hint.slice('leave it out'.length)}`);
    } else if (hint !== undefined && /^--[a-z-]+(?: [a-z]+)?$/.test(hint)) {
      this.flags.push(...hint.split(' '));
    } else {
      throw usageError(
        `the entry has ${JSON.stringify(flag.slice(0, 60))}, which cannot be rewritten`,
        hint ?? 'write the entry anew: mcp-proxy install HOST URL',
      );
    }
  }
}
