/** Passes the requests of one client that name a tool, a prompt or a resource on to the server that has it. */
import type { Exchange } from '../../core/exchange.ts';
import type { Call, Reply } from '../../core/jsonrpc.ts';
import type { OpenCalls } from '../../wire/open-calls.ts';
import type { Directory, Listed } from './directory.ts';
import type { Member } from './member.ts';
import type { Members, Opened } from './members.ts';
import { withShownUris } from './rewrite.ts';
import { firstAnswer, routeOf, subjectOf, unknownSubject } from './routes.ts';
import { withoutTask } from './without-tasks.ts';

export interface RouterOptions {
  /** The servers at present, and what clients see of them. */
  readonly servers: () => readonly Opened[];
  readonly directory: () => Directory;
  readonly members: Members;
  /** The requests that are answered here. */
  readonly open: OpenCalls;
  /** Called when a client that has a session uses a server. */
  readonly uses: () => void;
}

export class Router {
  readonly #options: RouterOptions;

  constructor(options: RouterOptions) {
    this.#options = options;
  }

  /** Passes a request on to the server that it names; undefined for one that names none. */
  route(exchange: Exchange, modern: boolean): Promise<Reply> | undefined {
    const subject = subjectOf(exchange.call);
    if (!subject) return undefined;
    if ('error' in subject || 'result' in subject) return Promise.resolve(subject);
    const { call } = exchange;
    if (!modern) this.#options.uses();
    const send = (listed: Listed, own: string): Promise<Reply> => {
      const member = this.#options.members.of(listed);
      const asked = subject.as(own);
      const replied = member.request(exchange, call.method === 'tools/call' ? withoutTask(asked) : asked, modern);
      if (call.method.startsWith('resources/')) return this.#shown(member, call, own, subject.text, replied);
      const uris = this.#options.directory().shownUris(listed);
      if (!uris || call.method === 'completion/complete') return replied;
      return replied.then((reply) =>
        'result' in reply ? { ...reply, result: withShownUris(reply.result, uris) } : reply,
      );
    };
    const found = routeOf(this.#options.directory(), subject);
    if (found) return send(found.server, found.own);
    const searched = this.#options.members.search(listsFor(subject.list)).then(async () => {
      const late = routeOf(this.#options.directory(), subject);
      if (late) return send(late.server, late.own);
      const all = subject.list === 'resources/list' ? this.#options.servers() : [];
      const answer = await firstAnswer(all, exchange.signal, (listed) => send(listed, subject.text));
      return answer ?? unknownSubject(this.#options.directory(), subject);
    });
    return this.#options.open.during(exchange, searched);
  }

  /** The answer to a request about a resource, with the URI that the client knows. */
  async #shown(member: Member, call: Call, own: string, asked: string, replied: Promise<Reply>): Promise<Reply> {
    if (call.method === 'resources/subscribe') member.subscribed.set(own, asked);
    const reply = await replied;
    if (call.method === 'resources/subscribe' && 'error' in reply) member.subscribed.delete(own);
    if (call.method === 'resources/unsubscribe') member.subscribed.delete(own);
    const uris = this.#options.directory().shownUris(member.server);
    if ('error' in reply || (!uris && own === asked)) return reply;
    return { ...reply, result: withShownUris(reply.result, (uri) => (uri === own ? asked : uris?.(uri))) };
  }
}

/** The lists that say where something of one list is. */
export function listsFor(list: string): readonly string[] {
  return list === 'resources/list' ? [list, 'resources/templates/list'] : [list];
}
