// A row of the table of mistakes, and what it may set up.
import type { Peer } from '../../peers/listen.ts';
import type { ProxyProcess } from '../../peers/proxy.ts';
import type { Workspace } from './workspace.ts';

export interface Mistake {
  /** In the words of a user. */
  readonly title: string;
  /**
   * The command line as a POSIX shell reads it: quotes, and NAME=value in front for the environment. `{url}` and other
   * names in braces are filled in from what `setUp` returns.
   */
  readonly command: string;
  /** What the user has typed, with the prompt, if that is not the command. */
  readonly typed?: string;
  /** The arguments that the program gets, if they are not those that a POSIX shell would make. */
  readonly argv?: readonly string[];
  /** Starts the servers and writes the files that the command names. */
  setUp?(workspace: Workspace): Promise<Filled>;
  /** What happens while the program runs; resolves with the lines that a client or a browser has seen. */
  readonly play?: Play;
  /** The only system on which the text is checked; undefined: all. */
  readonly platform?: NodeJS.Platform;
  /** Arguments of node itself. */
  readonly nodeArgs?: readonly string[];
}

export type Filled = Readonly<Record<string, string>>;
export type Play = (program: ProxyProcess, workspace: Workspace) => Promise<readonly string[]>;

export interface Group {
  readonly title: string;
  readonly mistakes: readonly Mistake[];
}

/** A `setUp` that starts one server, whose URL is `{url}`. */
export function server(start: () => Promise<Peer>): (workspace: Workspace) => Promise<Filled> {
  return async (workspace) => ({ url: (await workspace.open(start())).url });
}
