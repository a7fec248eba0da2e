// The other one of two joined servers. It has something of everything, and refuses what it does not have.
import { legacyServer, rpc } from '../../peers/minimal-server.ts';
import { answer, type ScriptedPeer, startScripted } from '../../peers/scripted.ts';

/** Its name, with which everything begins that it has. */
export const COMPANION = 'companion';

const CAPABILITIES = { tools: {}, prompts: {}, resources: { subscribe: true }, completions: {} };

export function startCompanion(): Promise<ScriptedPeer> {
  const serve = legacyServer({
    initialize: ({ protocolVersion }) =>
      JSON.stringify({ protocolVersion, capabilities: CAPABILITIES, serverInfo: { name: COMPANION, version: '1' } }),
    'tools/list': `{"tools":[{"name":"${COMPANION}","inputSchema":{"type":"object"}}]}`,
    'prompts/list': `{"prompts":[{"name":"${COMPANION}"}]}`,
    'resources/list': `{"resources":[{"uri":"${COMPANION}://x","name":"x"}]}`,
    'resources/templates/list': `{"resourceTemplates":[{"uriTemplate":"${COMPANION}://{x}","name":"x"}]}`,
  });
  return startScripted('/mcp', (seen, res) => {
    const { id, method = '' } = rpc(seen);
    if (!/^(?:resources|completion)\//.test(method) || method.endsWith('/list')) return serve(seen, res);
    const error = { code: -32002, message: 'Resource not found' };
    return answer(res, 200, 'application/json', JSON.stringify({ jsonrpc: '2.0', id, error }));
  });
}

/** What a list of both has beside what the companion has. Throws if that is not there: no policy is for it. */
export function withoutCompanion(result: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(result).map(([member, value]) => {
      if (!MEMBERS.has(member)) return [member, value];
      const entries = value as readonly Record<string, string>[];
      const others = entries.filter(({ name, uri, uriTemplate }) => {
        return !(uri ?? uriTemplate ?? name ?? '').startsWith(COMPANION);
      });
      if (others.length !== entries.length - 1) throw new Error(`${member} without the companion's`);
      return [member, others];
    }),
  );
}

const MEMBERS: ReadonlySet<string> = new Set(['tools', 'prompts', 'resources', 'resourceTemplates']);

/** Flags that can be given several times. */
const REPEATABLE = /^(?:ignore|only|always)-|^(?:rename-tool|confirm)$/;

/** The same flags as keys of an entry. */
export function keysOf(flags: readonly string[]): Record<string, unknown> {
  const keys = new Map<string, string[]>();
  let last: string[] = [];
  for (const flag of flags) {
    if (!flag.startsWith('--')) last.push(flag);
    else {
      last = keys.get(flag.slice(2)) ?? [];
      keys.set(flag.slice(2), last);
    }
  }
  return Object.fromEntries(
    [...keys].map(([key, values]) => [key, values.length === 0 ? true : REPEATABLE.test(key) ? values : values[0]]),
  );
}
