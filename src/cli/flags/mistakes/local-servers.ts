/** Flags and words that do not fit the kind of server: one at a URL, or one that a command starts. */
import type { ProxyError } from '../../../errors.ts';
import { type Mistake, type OtherServer, usageError } from '../usage-error.ts';

const EXAMPLE = 'mcp-proxy -- npx -y some-server';

/** What is wrong with a command, or with the words before it. */
export function explainLocal({ subcommand, hasUrl }: Extract<Mistake, { kind: 'local' }>): ProxyError {
  if (subcommand !== undefined) {
    return usageError(`${subcommand} is for servers at a URL`, `mcp-proxy ${subcommand} https://server.example/mcp`);
  }
  if (!hasUrl) return usageError('there is no command after --', EXAMPLE);
  return usageError(
    'both a URL and a command are given, but one mcp-proxy serves one server',
    'leave one of them out: words before -- are for the proxy, those after it are the command',
  );
}

export function explainOtherServer({ option: { name: flag, group }, concerns }: OtherServer): ProxyError {
  if (concerns === 'command') {
    return usageError(
      `--${flag} belongs to a local server, and the server here is one at a URL`,
      `leave it out, or start a local server: ${EXAMPLE}`,
    );
  }
  if (group === 'sign-in') {
    return usageError(
      `--${flag} belongs to a server at a URL: a local server is started without a sign-in`,
      'give the server its credentials as a variable: --env API_KEY=${API_KEY}',
    );
  }
  return usageError(
    `--${flag} belongs to a server at a URL: a local server is reached over no network`,
    flag === 'header'
      ? 'give the server a variable instead: --env API_KEY=${API_KEY}'
      : 'leave it out; flags of the server itself go after its command',
  );
}

/** A command without `--` in front of it. */
export function explainMissingDashes(program: string): ProxyError {
  return usageError('a command goes after --', `mcp-proxy -- ${program} ...`);
}
