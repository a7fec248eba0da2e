/** From the words of `install` and `uninstall` to what is to be done. Pure. */
import type { Host } from '../../../hosts/host.ts';
import { HOSTS, hostNamed } from '../../../hosts/table.ts';
import { nearest } from '../../flags/mistakes/nearest.ts';
import { isHttpUrl } from '../../flags/url-argument.ts';
import { UnexplainedMistake, usageError } from '../../flags/usage-error.ts';
import { checkServerName } from '../../flags/value-checks.ts';
import type { ParsedArguments } from '../../flags/words.ts';

export interface InstallRequest {
  readonly host: Host;
  /** The URL as it was written, a command with its arguments, or the server of a host. */
  readonly source:
    | { readonly url: string }
    | { readonly command: readonly string[] }
    | { readonly host: Host; readonly name: string };
  /** The name of the server, if the user gave one. */
  readonly name: string | undefined;
}

const INSTALL = 'mcp-proxy install HOST https://server.example/mcp';

/** Throws a usage error. */
export function readInstall({ flags, positionals, command }: ParsedArguments): InstallRequest {
  const from = flags.text('from');
  const name = flags.text('name');
  if (from !== undefined) {
    const source = readHost(from);
    const [first, second, ...more] = positionals;
    const usage = `mcp-proxy install HOST --from ${source.id} NAME`;
    if (command !== undefined)
      throw usageError('--from takes over a server, and the command starts another one', usage);
    if (first === undefined || more.length > 0) throw usageError('--from needs a host and the name of a server', usage);
    if (second !== undefined) return { host: readHost(first), source: { host: source, name: second }, name };
    if (hostNamed(first)) throw usageError(`--from ${source.id} needs the name of a server`, usage);
    // Without a second host, the entry is rewritten where it is.
    return { host: source, source: { host: source, name: first }, name };
  }
  const [word, url, ...more] = positionals;
  if (word === undefined) throw usageError('no host given', `${INSTALL}; hosts: ${ids()}`);
  if (isHttpUrl(word)) throw usageError('the host comes before the URL', `mcp-proxy install HOST URL; hosts: ${ids()}`);
  const host = readHost(word);
  if (command !== undefined) {
    if (url !== undefined) throw new UnexplainedMistake({ kind: 'local', subcommand: undefined, hasUrl: true });
    const example = `mcp-proxy install ${host.id} -- npx -y some-server`;
    if (!command[0]) throw usageError('there is no command after --', example);
    return { host, source: { command }, name };
  }
  if (url === undefined) throw usageError('no URL given', INSTALL.replace('HOST', host.id));
  const named = [url, ...more].find((one) => !isHttpUrl(one));
  if (
    more.length === 1 &&
    named !== undefined &&
    checkServerName(named) === undefined &&
    more.concat(url).some(isHttpUrl)
  ) {
    throw usageError('there is a word beside the URL', `to give the server a name, use --name ${named}`);
  }
  if (more.length > 0) {
    const headers = flags.texts('header');
    throw new UnexplainedMistake({ kind: 'surplus', targets: positionals.slice(1), headers, subcommand: 'install' });
  }
  return { host, source: { url }, name };
}

/** Throws a usage error. */
export function readUninstall({ positionals: [word, name, ...more] }: ParsedArguments): {
  readonly host: Host;
  readonly name: string;
} {
  const usage = 'mcp-proxy uninstall HOST NAME';
  if (word === undefined) throw usageError('no host given', `${usage}; hosts: ${ids()}`);
  const host = readHost(word);
  if (name === undefined) throw usageError('no name of a server given', usage.replace('HOST', host.id));
  if (more.length > 0) throw usageError('expected one host and one name', usage);
  return { host, name };
}

function readHost(word: string): Host {
  const host = hostNamed(word);
  if (host) return host;
  const near = /^claude$/i.test(word)
    ? 'claude-code or claude-desktop'
    : nearest(
        word.toLowerCase(),
        HOSTS.map(({ id }) => id),
      );
  throw usageError(
    `unknown host ${JSON.stringify(word.slice(0, 60))}`,
    near ? `did you mean ${near}?` : `hosts: ${ids()}`,
  );
}

function ids(): string {
  return HOSTS.map(({ id }) => id).join(', ');
}
