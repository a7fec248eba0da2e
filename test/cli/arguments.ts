// Arguments and what becomes of them, with an environment that holds secrets.
import { expect } from 'vitest';
import { type Action, parseArguments } from '../../src/cli/args.ts';
import type { Config } from '../../src/config.ts';
import { ProxyError } from '../../src/errors.ts';

export const URL_TEXT = 'https://host.example/mcp';
const ENV = { TOKEN: 'topsecret', EMPTY: '', LINES: 'top\r\nsecret', SPACED: '  topsecret ', NESTED: '${TOKEN}' };

/** What a run with these arguments would do. */
export function configOf(...argv: string[]): Config {
  const action = parseArguments(argv, ENV);
  if (action.kind !== 'run') throw new Error(action.kind);
  return action.config;
}

/** The usage error, as one text: message and hint. */
export function refusal(...argv: string[]): string {
  let action: Action;
  try {
    action = parseArguments(argv, ENV);
  } catch (error) {
    if (!(error instanceof ProxyError)) throw error;
    expect(error.code).toBe('usage');
    expect(error.meaning.exit).toBe(2);
    expect(error.data.hint).toBeTruthy();
    return `${error.message} | ${error.data.hint}`;
  }
  throw new Error(`accepted: ${JSON.stringify(action)}`);
}
