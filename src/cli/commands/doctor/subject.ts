/** What to examine, from the words of the command. A variable that is not set is no error here: the doctor reports it. */
import { readFileSync } from 'node:fs';
import { type HttpServer, httpServer, type ProcessConfig, type StdioServer } from '../../../config.ts';
import type { Env } from '../../../core/ports.ts';
import { read, readLocal } from '../../flags/args.ts';
import { readCommand } from '../../flags/reading/command.ts';
import { readUrl } from '../../flags/url-argument.ts';
import { type NoValue, UnexplainedMistake } from '../../flags/usage-error.ts';
import type { ParsedArguments } from '../../flags/words.ts';
import type { Typed } from './command-line.ts';

export interface DoctorSubject<S = HttpServer | StdioServer> {
  readonly server: S;
  readonly config: ProcessConfig;
  readonly typed: Typed;
  /** Placeholders without a value. In the server, the word `unset` is in their place. */
  readonly unset: readonly NoValue[];
  /** Everything in the arguments that must never be shown. */
  readonly secrets: readonly string[];
}

/** The user info of a URL, as it was typed. */
const USER_INFO = /^([^/?#]*:\/\/)[^/?#]*@/;
/** More variables than this are not looked for. */
const MOST = 50;

/** Throws a usage error. */
export function readSubject({ flags, positionals: [url], command }: ParsedArguments, env: Env): DoctorSubject {
  const readFile = (file: string): string => readFileSync(file, 'utf8');
  // What is shown of it, or typed again, holds no password.
  const typed = { url: url?.replace(USER_INFO, '$1USER:PASSWORD@'), flags, command };
  if (command === undefined) {
    const [{ server, config, secrets }, unset] = withoutGaps(env, (filled) => {
      const address = readUrl(url ?? '');
      const found = read(address, flags, filled, readFile);
      return { ...found, server: httpServer(address, found.options) };
    });
    return { server, config, typed, unset, secrets };
  }
  const [{ config, secrets }, unset] = withoutGaps(env, (filled) =>
    readCommand(readLocal(command, flags, filled, readFile), filled),
  );
  const [server] = config.servers;
  return { server: server as StdioServer, config, typed, unset, secrets };
}

/** Reads again and again, each time with a value for one more variable that has none. */
function withoutGaps<T>(env: Env, attempt: (env: Env) => T): [found: T, unset: NoValue[]] {
  const unset: NoValue[] = [];
  let filled = env;
  for (;;) {
    try {
      return [attempt(filled), unset];
    } catch (error) {
      const mistake = error instanceof UnexplainedMistake ? error.mistake : undefined;
      if (mistake?.kind !== 'no-value' || unset.length === MOST) throw error;
      unset.push(mistake);
      filled = { ...filled, [mistake.variable]: 'unset' };
    }
  }
}
