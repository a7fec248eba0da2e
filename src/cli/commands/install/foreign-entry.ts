/**
 * From the entry of another program, or of a host's own connection, to the words of this one. The flags of other
 * programs are those of `foreign-flags.ts`, which docs/migrating.md lists too. Pure.
 */
import type { ProxyError } from '../../../errors.ts';
import type { Found } from '../../../hosts/entries.ts';
import type { Host } from '../../../hosts/host.ts';
import { foreignHint } from '../../flags/mistakes/foreign-flags.ts';
import type { Option } from '../../flags/option.ts';
import { OPTIONS } from '../../flags/options.ts';
import { bridgeIn, isCommand } from '../../flags/pasted-command.ts';
import { isHttpUrl } from '../../flags/url-argument.ts';
import { usageError } from '../../flags/usage-error.ts';
import { checkPort } from '../../flags/value-checks.ts';

export interface Rewritten {
  /** The URL and the flags, or the flags, `--` and the command of a local server. */
  readonly words: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Variables that the host passes on from its own environment. */
  readonly inherited: readonly string[];
  /** What was left out. */
  readonly notes: readonly string[];
}

/** Variables of other programs that mean nothing here. */
const WITHOUT_MEANING = new Set(['MCP_REMOTE_CONFIG_DIR', 'SSE_URL']);

/** What comes between a launcher and the program that it runs. */
const BEFORE_PROGRAM = /^(?:-.*|\/c|run|exec|x|dlx|tool)$/i;

/** Throws a usage error for an entry that cannot be taken over. */
export function rewritten(
  { words, env, inherited, cwd, url, headers }: Found,
  host: Pick<Host, 'variable'>,
): Rewritten {
  const plain = (text: string): string => (host.variable ? text.replace(host.variable, '${$1}') : text);
  const kept = Object.entries(env).filter(([name]) => !WITHOUT_MEANING.has(name));
  const common = { env: Object.fromEntries(kept), inherited };
  if (url !== undefined) {
    const flags = Object.entries(headers).flatMap(([name, value]) => ['--header', `${name}: ${plain(value)}`]);
    return { words: [plain(url), ...flags], notes: [], ...common };
  }
  const at = words.findIndex((word) => bridgeIn(word) !== undefined);
  const program = bridgeIn(words[at] ?? '');
  const rest = words.slice(at + 1);
  if (program === undefined || (!hasUrl(rest, env) && !isRun(words.slice(0, at)))) {
    if (words.length === 0) throw usageError('the entry has neither a URL nor a command', 'check it in the host');
    return { words: [...(cwd === undefined ? [] : ['--cwd', cwd]), '--', ...words], notes: [], ...common };
  }
  // An entry of this program for a local server. What comes after `--` belongs to the server.
  if (program === 'mcp-proxy' && rest.includes('--')) return { words: rest, notes: [], ...common };
  const rewriting = new Rewriting(program, rest.map(plain));
  const found = rewriting.url ?? env.SSE_URL;
  if (found === undefined) throw withoutUrl(program);
  const bearer = env.API_ACCESS_TOKEN === undefined ? [] : ['--header', 'Authorization: Bearer ${API_ACCESS_TOKEN}'];
  return { words: [found, ...rewriting.flags, ...bearer], notes: rewriting.notes, ...common };
}

function hasUrl(words: readonly string[], env: Found['env']): boolean {
  return env.SSE_URL !== undefined || words.some((word) => isHttpUrl(word.replace(/^--[^=]+=/, '')));
}

/** Whether the word after these is the program of the entry, rather than an argument of another program. */
function isRun(before: readonly string[]): boolean {
  return before.every((word) => BEFORE_PROGRAM.test(word) || isCommand([word]));
}

/** The error for a program that is started with something else than a URL. */
function withoutUrl(program: string): ProxyError {
  return usageError(
    `the entry starts ${program} without the URL of a server`,
    'if it is in front of a local server, install that: mcp-proxy install HOST -- COMMAND',
  );
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
    else throw withoutUrl(this.#program);
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
      const rest = hint.slice('leave it out'.length).replace(/^, or (.*)$/, '; if you need it, add $1');
      this.notes.push(`${flag} is left out${rest}`);
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
