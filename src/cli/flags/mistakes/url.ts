/**
 * What was given instead of the URL, and what to type. Pure. No error repeats an argument, which may be a secret; what it
 * shows of a URL is without user info and the values of the query.
 */
import { isLoopback } from '../../../config.ts';
import { showUrl } from '../../../core/redact.ts';
import { isPlainHost } from '../../../core/shell-safe-url.ts';
import { parseUrl } from '../../../core/url.ts';
import type { ProxyError } from '../../../errors.ts';
import { SUBCOMMANDS } from '../options.ts';
import { isPath } from '../pasted-command.ts';
import { isUnexpanded } from '../reading/placeholders.ts';
import { isHttpUrl, withoutWrapping } from '../url-argument.ts';
import { usageError } from '../usage-error.ts';
import { nearest } from './nearest.ts';
import { explainUnexpanded } from './placeholders.ts';

const EXAMPLE = 'https://server.example/mcp';
const NOT_A_URL = 'the first argument is not a URL';

/** What to type instead of an argument that is not the URL of a server. */
export function explainUrl(given: string): ProxyError {
  const text = withoutWrapping(given);
  if (isUnexpanded(text)) return explainUnexpanded(text, 'the URL');
  if (text === '') return usageError('the URL is empty', 'check that the variable it comes from is set');
  if (!isHttpUrl(text)) return notUrl(text);
  if (/^https?:\/\/https?:?\/\//i.test(text)) {
    return usageError('the URL has its scheme twice', `type it once: ${shown(withoutScheme(text))}`);
  }
  if (/\s-{1,2}[a-z]/i.test(text)) {
    return usageError(
      'the first argument contains more than the URL',
      `give the URL and the flag as separate arguments: mcp-proxy ${EXAMPLE} --flag`,
    );
  }
  return usageError('the URL is not valid', `check the host name and the port; an example: ${EXAMPLE}`);
}

function withoutScheme(text: string): string {
  return text.replace(/^https?:\/\//i, '').replace(/^(https?):?\/\//i, '$1://');
}

/** The URL as an error may show it, or an example where the text is not one that leads anywhere. */
export function shown(text: string): string {
  const url = parseUrl(text);
  const leads = url && isPlainHost(url) && (/[.:]/.test(url.hostname) || isLoopback(url.hostname));
  return leads ? showUrl(url) : EXAMPLE;
}

/** What was given instead of a URL, and what to type. */
function notUrl(text: string): ProxyError {
  const near = nearestSubcommand(text);
  if (near) return usageError(NOT_A_URL, `did you mean ${near}?`);
  return pasted(text) ?? misspelled(text) ?? withoutAny(text);
}

/** Texts that hold the URL, and texts of another kind. */
function pasted(text: string): ProxyError | undefined {
  const [, linked] = /^\[[^\]]*\]\((https?:\/\/[^\s)]+)\)$/i.exec(text) ?? [];
  if (linked !== undefined) return usageError('the URL is in a Markdown link', `type it alone: ${shown(linked)}`);
  if (/^\{|^\[(?![0-9a-f:.]+\])|^"?[\w-]+"?\s*:\s*[{["]/i.test(text)) {
    return usageError(
      'the first argument is the JSON of a configuration, not a URL',
      `type the URL in it: mcp-proxy ${urlIn(text)}`,
    );
  }
  if (/^[\w!#$%&'*+.^`|~-]+:\s+\S/.test(text) || /^(?:bearer|basic)\s/i.test(text)) {
    const hint = 'put the URL first, and the header after -H: -H "Authorization: Bearer ${TOKEN}"';
    return usageError('the first argument is a header, not a URL', hint);
  }
  if (/^[^\s@/:]+@[^\s@/:]+\.[a-z]{2,}$/i.test(text)) {
    return usageError(
      'the first argument is an e-mail address, not a URL',
      `type the URL of the server, and choose the account in the browser: mcp-proxy ${EXAMPLE}`,
    );
  }
  return isPath(text) ? pathError() : undefined;
}

/** The URL of the first server in a configuration, which is often only a part of a JSON document. */
function urlIn(json: string): string {
  const [, ofServer] = /"(?:url|serverUrl|httpUrl)"\s*:\s*"(https?:\/\/[^"\\\s]+)"/.exec(json) ?? [];
  return shown(ofServer ?? /https?:\/\/[^"'\\\s]+/.exec(json)?.[0] ?? '');
}

const SCHEMES = ['http', 'https'];
/** A scheme and what follows it: a colon, slashes, or both. */
const SCHEME = /^([a-z][a-z0-9+.-]*)(:[/\\]*|\/\/)(.*)$/is;

/** The scheme is wrong, or what separates it from the host. */
function misspelled(text: string): ProxyError | undefined {
  const [, written = '', separator = '', rest = ''] = SCHEME.exec(text) ?? [];
  const scheme = written.toLowerCase();
  if (SCHEMES.includes(scheme)) {
    const hint = `type ${shown(`${scheme}://${rest.replaceAll('\\', '/')}`)}`;
    if (separator === '//') return usageError(`the URL has no colon after ${scheme}`, hint);
    if (separator.includes('\\')) return usageError('the URL has backslashes', hint);
    return usageError(`the URL has ${separator === ':' ? 'no slashes' : 'one slash'} after ${scheme}:, not two`, hint);
  }
  // Only a colon comes before a port and before a password, too.
  if (separator === ':') return undefined;
  if (scheme === 'ws' || scheme === 'wss') {
    const http = scheme === 'ws' ? 'http' : 'https';
    return usageError(
      `the URL begins with ${scheme}:, but MCP has no WebSocket transport`,
      `use the HTTP address of the server: ${shown(`${http}://${rest}`)}`,
    );
  }
  const near = nearest(scheme, SCHEMES);
  if (near)
    return usageError(`the URL begins with "${scheme}" instead of ${near}:`, `type ${shown(`${near}://${rest}`)}`);
  if (!separator.startsWith(':')) return undefined;
  return usageError('the URL begins neither with https: nor with http:', `type ${shown(`https://${rest}`)}`);
}

/** A host, lower case and with a dot, and a port. */
const HOST = /^(?:localhost|[a-z0-9-]+(?:\.[a-z0-9-]+)+|\[[0-9a-f:.]+\])(?::\d{1,5})?(?=[/?#]|$)/;
/** Paths of MCP servers. Any other one, and a host alone, may be a secret that only looks like an address. */
const PATH = /^(?:\/(?:mcp|sse|api|v\d))+\/?$/;

/** A host without a scheme, or something that is not even that. */
function withoutAny(given: string): ProxyError {
  const text = given.replace(/^:?\/\//, '');
  const [host] = HOST.exec(text) ?? [];
  if (host === undefined)
    return usageError(NOT_A_URL, `expected a URL such as ${EXAMPLE}; put values with spaces in quotes`);
  const scheme = isLoopback(host.replace(/:\d+$/, '')) ? 'http' : 'https';
  const isTelling = PATH.test(text.slice(host.length));
  return usageError(
    'the URL has no scheme',
    isTelling ? `type ${shown(`${scheme}://${text}`)}` : `put ${scheme}:// in front of the host name`,
  );
}

export function pathError(): ProxyError {
  return usageError(
    'the first argument is the path of a file, not a URL',
    `give the URL of the server: mcp-proxy ${EXAMPLE}; to start a local server: mcp-proxy -- COMMAND ARGUMENTS`,
  );
}

/** The subcommand that a word most likely meant. */
export function nearestSubcommand(word: string): string | undefined {
  return /^[a-z]+$/i.test(word)
    ? nearest(
        word,
        SUBCOMMANDS.map(({ name }) => name),
      )
    : undefined;
}
