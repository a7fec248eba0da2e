/** `--tool-search` for several servers together: one search for the tools of all servers that have it. */
import type { Server } from '../../config.ts';
import { type Connect, loadedLayer } from '../../core/layer.ts';
import type { MakeToolIndex } from '../../core/ports/tool-index.ts';
import { SIGN_IN_TOOL } from '../../layers/first-contact/sign-in-tool.ts';
import type { JoinedSession } from '../../layers/join/session.ts';
import { anyOf } from '../../layers/policy/pattern.ts';
import { ToolNames } from '../../layers/policy/rename.ts';

/** The parts of the search, once they are loaded. */
interface Search {
  readonly toolSearch: typeof import('../../layers/policy/tool-search/tool-search.ts').toolSearch;
  readonly makeIndex: MakeToolIndex;
}

/** The server as one of several, which are searched together and not one by one. */
export function withoutSearch<Configured extends Server>(server: Configured): Configured {
  if (!server.policy?.toolSearch) return server;
  const { toolSearch: _, alwaysTools: __, ...policy } = server.policy;
  return { ...server, policy };
}

export class JoinedSearch {
  readonly #servers: () => readonly Server[];
  #loading: Promise<Search> | undefined;

  /** @param servers those of the configuration at present */
  constructor(servers: () => readonly Server[]) {
    this.#servers = servers;
  }

  /** Opens the joined session, behind the search if one of the servers has it. */
  connect(open: (client: Parameters<Connect>[0]) => JoinedSession): Connect {
    if (!this.#servers().some(({ policy }) => policy?.toolSearch)) return open;
    let session: JoinedSession | undefined;
    const isAlways = (shown: string): boolean => {
      const owner = session?.toolNamed(shown);
      return owner === undefined || this.#isShown(owner.server.name, owner.own);
    };
    const layer = loadedLayer(async () => {
      this.#loading ??= load();
      const { toolSearch, makeIndex } = await this.#loading;
      const searched = async (): Promise<void> => session?.searchTools();
      const shownAs = (name: string): string | undefined => session?.shownTool(name);
      return toolSearch({ makeIndex, isAlways, shownAs, version: () => session?.toolList, searched });
    });
    return layer((client) => {
      session = open(client);
      return session;
    });
  }

  /** Whether a tool is shown beside the search: by the name of its server, and its name behind the policy of that one. */
  #isShown(name: string, own: string): boolean {
    const policy = this.#servers().find((server) => server.name === name)?.policy;
    if (!policy?.toolSearch || own === SIGN_IN_TOOL) return true;
    // Patterns are for the server's own names.
    const before = new ToolNames(policy.renameTools ?? []).forServer(own) ?? own;
    return anyOf(policy.alwaysTools ?? [])(before);
  }
}

async function load(): Promise<Search> {
  const [{ toolSearch }, { toolIndexes }] = await Promise.all([
    import('../../layers/policy/tool-search/tool-search.ts'),
    import('../policy/tool-index.ts'),
  ]);
  return { toolSearch, makeIndex: toolIndexes() };
}
