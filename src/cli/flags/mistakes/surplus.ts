/** More arguments than the URL: several URLs, values without quotes, words of other programs. */
import type { ProxyError } from '../../../errors.ts';
import { SUBCOMMANDS } from '../options.ts';
import { CURLY_QUOTE } from '../reading/headers.ts';
import { isHttpUrl, withoutWrapping } from '../url-argument.ts';
import { type Surplus, usageError } from '../usage-error.ts';
import { checkPort } from '../value-checks.ts';
import { exampleOf } from './example.ts';
import { nearestSubcommand } from './url.ts';

const HEADER_EXAMPLE = '-H "Authorization: Bearer ${TOKEN}"';

/** What is wrong with several arguments where one URL is expected. */
export function explainSurplus({ targets, headers, subcommand }: Surplus): ProxyError {
  const near = nearestSubcommand(targets[0] as string);
  if (near) return usageError('the first argument is not a URL', `did you mean ${near}?`);
  const several = severalUrls(targets, subcommand);
  if (several) return several;
  const message = `expected one URL, but got ${targets.length} arguments`;
  if ([...targets, ...headers].some((word) => CURLY_QUOTE.test(word))) {
    return usageError(message, `curly quotes do not group words; use straight quotes: ${HEADER_EXAMPLE}`);
  }
  const behind = SUBCOMMANDS.find(({ name }) => targets.includes(name));
  if (behind) {
    return usageError(message, `the command comes first: ${exampleOf(behind.name)}`);
  }
  // mcp-remote takes the port of its redirect URI there, whose path is another one than ours.
  const port = targets[1] as string;
  const cutHeader = headers.some((header) => /(?::|\b(?:bearer|basic))\s*$/i.test(header));
  if (targets.length === 2 && !cutHeader && checkPort(port) === undefined) {
    return usageError(
      message,
      `--callback-port ${port}; where the redirect URI is registered for mcp-remote, --callback-path /oauth/callback too`,
    );
  }
  // The mcp-proxy of sparfenyuk takes a header in two arguments.
  if (headers.some((header) => !header.includes(':'))) {
    return usageError('a --header is not of the form KEY:VALUE', `name and value in one argument: ${HEADER_EXAMPLE}`);
  }
  // Some hosts take arguments apart that were quoted properly, most of them on Windows.
  const without =
    headers.length > 0
      ? ', or avoid spaces: -H Authorization:${AUTH}, with AUTH="Bearer TOKEN" in the environment'
      : '';
  return usageError(message, `put values with spaces in quotes: ${HEADER_EXAMPLE}${without}`);
}

/** What is wrong with several arguments of which at least two are URLs; undefined where they are not. */
export function severalUrls(targets: readonly string[], subcommand: string | undefined): ProxyError | undefined {
  const urls = targets.map(withoutWrapping).filter(isHttpUrl).length;
  if (urls < 2) return undefined;
  const number = urls === 2 ? 'two' : String(urls);
  return subcommand === undefined
    ? usageError(`${number} URLs are given, but one mcp-proxy serves one server`, 'start one mcp-proxy for each URL')
    : usageError(
        `${number} URLs are given, but mcp-proxy ${subcommand} takes one`,
        `run mcp-proxy ${subcommand} once for each URL`,
      );
}
