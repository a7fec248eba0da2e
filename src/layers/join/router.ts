/** Passes the requests of one client that name a tool, a prompt or a resource on to the server that has it. */
import type { Exchange } from '../../core/exchange.ts';
import type { Call, Reply } from '../../core/jsonrpc.ts';
import type { OpenCalls } from '../../wire/open-calls.ts';
import type { Listed, Route } from './directory.ts';
import type { Member } from './member.ts';
import type { Members, Visible } from './members.ts';
import { withShownUris } from './rewrite.ts';
import { firstAnswer, renamed, routeOf, type Subject, unknownSubject } from './routes.ts';
import { withoutTask } from './without-tasks.ts';

export interface RouterOptions {
  readonly visible: Visible;
  readonly members: Members;
  /** The requests that are answered here. */
  readonly open: OpenCalls;
}

export class Router {
  readonly #options: RouterOptions;

  constructor(options: RouterOptions) {
    this.#options = options;
  }

  /** Passes a request on to the server that has its subject. */
  route(exchange: Exchange, subject: Subject, modern: boolean): Promise<Reply> {
    const found = routeOf(this.#options.visible.directory, subject);
    if (found) return this.#send(exchange, subject, found, modern);
    return this.#options.open.during(exchange, this.#search(exchange, subject, modern));
  }

  #send(exchange: Exchange, subject: Subject, { server, own }: Route, modern: boolean): Promise<Reply> {
    const { call } = exchange;
    const asked = renamed(call, subject, own);
    const isPlain = call.method !== 'tools/call' || (!subject.hasTask && !subject.hasMeta);
    const member = this.#options.members.of(server);
    const replied = member.request(exchange, isPlain ? asked : withoutTask(asked), modern);
    if (call.method.startsWith('resources/')) return this.#shown(member, call, own, subject.text, replied);
    const uris = this.#options.visible.directory.shownUris(server);
    if (!uris || call.method === 'completion/complete') return replied;
    return replied.then((reply) =>
      'result' in reply ? { ...reply, result: withShownUris(reply.result, uris) } : reply,
    );
  }

  /** Looks for the server of something that no list is known to have. */
  async #search(exchange: Exchange, subject: Subject, modern: boolean): Promise<Reply> {
    const { members, visible } = this.#options;
    await members.search(listsFor(subject.list));
    const late = routeOf(visible.directory, subject);
    if (late) return this.#send(exchange, subject, late, modern);
    const all = subject.list === 'resources/list' ? visible.servers : [];
    const send = (server: Listed): Promise<Reply> =>
      this.#send(exchange, subject, { server, own: subject.text }, modern);
    return (await firstAnswer(all, exchange.signal, send)) ?? unknownSubject(visible.directory, subject);
  }

  /** The answer to a request about a resource, with the URI that the client knows. */
  async #shown(member: Member, call: Call, own: string, asked: string, replied: Promise<Reply>): Promise<Reply> {
    if (call.method === 'resources/subscribe') member.subscribed.set(own, asked);
    const reply = await replied;
    if (call.method === 'resources/subscribe' && 'error' in reply) member.subscribed.delete(own);
    if (call.method === 'resources/unsubscribe') member.subscribed.delete(own);
    const uris = this.#options.visible.directory.shownUris(member.server);
    if ('error' in reply || (!uris && own === asked)) return reply;
    return { ...reply, result: withShownUris(reply.result, (uri) => (uri === own ? asked : uris?.(uri))) };
  }
}

/** The lists that say where something of one list is. */
export function listsFor(list: string): readonly string[] {
  return list === 'resources/list' ? [list, 'resources/templates/list'] : [list];
}
