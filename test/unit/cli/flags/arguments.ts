// Arguments and their meaning, with an environment that contains secrets.
import { expect } from 'vitest';
import { type Action, parseArguments } from '../../../../src/cli/flags/args.ts';
import { explainOwn } from '../../../../src/cli/flags/mistakes/explain.ts';
import { UnexplainedMistake } from '../../../../src/cli/flags/usage-error.ts';
import {
  type Config,
  DEFAULTS,
  HTTP_SERVER_DEFAULTS,
  type HttpServer,
  type HttpServerOptions,
  httpServer,
  type ProcessConfig,
} from '../../../../src/config.ts';
import { ProxyError } from '../../../../src/errors.ts';

export const URL_TEXT = 'https://host.example/mcp';
const ENV = { TOKEN: 'topsecret', EMPTY: '', LINES: 'top\r\nsecret', SPACED: '  topsecret ', NESTED: '${TOKEN}' };

/** Files by name; any other one does not exist. */
export type Files = Readonly<Record<string, string>>;

/** The action for these arguments, with these files. */
export function actionOf(argv: readonly string[], files: Files = {}): Action {
  return parseArguments(argv, ENV, (name) => {
    const text = Object.hasOwn(files, name) ? files[name] : undefined;
    if (text === undefined) throw Object.assign(new Error(`ENOENT: ${name}`), { code: 'ENOENT' });
    return text;
  });
}

/** What a run with these arguments would do. */
export function configOf(...argv: string[]): Config {
  const action = actionOf(argv);
  if (action.kind !== 'run') throw new Error(action.kind);
  return action.config;
}

/** The one server of such a run. */
export function serverOf(...argv: string[]): HttpServer {
  const [server, ...others] = configOf(...argv).servers;
  if (server?.kind !== 'http' || others.length > 0) throw new Error('expected one remote server');
  return server;
}

/** The configuration of a run with the URL and without flags, except for these members. */
export function configWith(members: Partial<ProcessConfig & HttpServerOptions>): Config {
  const isServers = ([key]: [string, unknown]): boolean => key in HTTP_SERVER_DEFAULTS;
  const all = Object.entries(members);
  const options = { ...HTTP_SERVER_DEFAULTS, ...Object.fromEntries(all.filter(isServers)) };
  const own = Object.fromEntries(all.filter((entry) => !isServers(entry)));
  return { ...DEFAULTS, ...own, servers: [httpServer(new URL(URL_TEXT), options)] };
}

/** The usage error, as one text: message and hint. */
export function refusal(...argv: string[]): string {
  return refusalWith({}, ...argv);
}

/** The same with these files. */
export function refusalWith(files: Files, ...argv: string[]): string {
  let action: Action;
  try {
    action = actionOf(argv, files);
  } catch (error) {
    if (!(error instanceof ProxyError)) throw error;
    expect(error.code).toBe('usage');
    expect(error.meaning.exit).toBe(2);
    const { message, data } = explained(error);
    expect(data.hint).toBeTruthy();
    return `${message} | ${data.hint}`;
  }
  throw new Error(`accepted: ${JSON.stringify(action)}`);
}

/** The error with its message and hint. The flags of other programs have a test of their own: `foreign-flags.test.ts`. */
export function explained(error: ProxyError): ProxyError {
  return error instanceof UnexplainedMistake ? explainOwn(error.mistake) : error;
}
