/**
 * Several servers as one, for one client. Answers what concerns all of them, and passes everything else on to the server
 * that it concerns, whichever era it speaks.
 */
import { Cancellation } from '../../core/cancel.ts';
import type { Era, Exchange, Peer, Session } from '../../core/exchange.ts';
import { asString, encode, type Json, peek, withMember } from '../../core/json.ts';
import { type Call, errorReply, INVALID_PARAMS, METHOD_NOT_FOUND, type Reply } from '../../core/jsonrpc.ts';
import type { Log } from '../../core/ports.ts';
import { drained } from '../../core/timer.ts';
import { ProxyError } from '../../errors.ts';
import { declaredRevision, envelopeOf } from '../../mcp/envelope.ts';
import {
  discoverResult,
  type Introduction,
  initializeCall,
  ourselves,
  requestedRevision,
} from '../../mcp/handshake.ts';
import { LOG_LEVELS } from '../../mcp/log-levels.ts';
import { isListChange, METHODS } from '../../mcp/methods.ts';
import { isModernRevision, LEGACY_REVISIONS, MODERN_REVISIONS, UNSUPPORTED_VERSION } from '../../mcp/revisions.ts';
import { OpenCalls } from '../../wire/open-calls.ts';
import type { Listed, Route } from './directory.ts';
import type { Arrivals } from './enough.ts';
import { type ClientIdentity, has, initializedBy, joinedIntroduction } from './introductions.ts';
import { Listeners } from './listeners.ts';
import { GivenLists } from './lists/given-lists.ts';
import { pageFor } from './lists/pages.ts';
import { LISTS } from './lists/whole-list.ts';
import type { Member, MemberClient } from './member.ts';
import type { Told } from './member-exchange.ts';
import { Members, type Visible } from './members.ts';
import { listsFor, Router } from './router.ts';
import { subjectOf } from './routes.ts';
import { withoutExtension } from './without-tasks.ts';

export interface JoinedOptions {
  readonly client: Peer;
  readonly visible: Visible;
  readonly arrivals: Arrivals;
  /** Names this proxy in the cursors of long lists. */
  readonly id: string;
  readonly version: string;
  readonly log: Log;
  readonly closed: () => void;
}

export class JoinedSession implements Session {
  readonly #options: JoinedOptions;
  readonly #members: Members;
  readonly #given = new GivenLists((method) => this.#tellChange(method));
  readonly #listeners: Listeners;
  readonly #router: Router;
  readonly #closing = new Cancellation();
  /** The requests that are answered here. */
  readonly #open = new OpenCalls();
  #initialize: Call | undefined;
  #envelope: Json | undefined;
  #level: Json | undefined;
  #ready: Promise<void>;
  #isReady: () => void = () => {};
  /** Whether the last request was one of 2026-07-28. */
  #modern = false;

  constructor(options: JoinedOptions) {
    this.#options = options;
    this.#ready = this.#untilReady();
    const { visible, arrivals, log } = options;
    const told = (member: Member): Told => this.#toldBy(member);
    this.#members = new Members({ visible, arrivals, log, told, client: this.#memberClient });
    this.#router = new Router({ visible, members: this.#members, open: this.#open });
    this.#listeners = new Listeners({
      met: () => this.#members.met,
      locate: (uri) => this.#locate(uri),
      told,
      closing: this.#closing,
      log,
    });
  }

  get established(): boolean {
    return this.#members.established;
  }

  /** Each server speaks its own. */
  readonly era: Era | undefined = undefined;

  readonly request = (exchange: Exchange): Promise<Reply> => {
    try {
      return this.#request(exchange);
    } catch (error) {
      return Promise.reject(error);
    }
  };

  #request(exchange: Exchange): Promise<Reply> {
    const { call } = exchange;
    const subject = subjectOf(call);
    const isNamed = subject !== undefined && 'list' in subject;
    // Nearly every call of a legacy client: what was found says that it has no envelope.
    const revision = isNamed && !subject.hasMeta ? undefined : declaredRevision(call);
    const modern = revision !== undefined;
    this.#modern = modern;
    if (modern && !isModernRevision(revision)) {
      const data = { supported: MODERN_REVISIONS, requested: revision };
      return Promise.resolve(errorReply(UNSUPPORTED_VERSION, 'Unsupported protocol version', data));
    }
    if (modern) this.#envelope ??= withoutExtension(envelopeOf(call));
    if (isNamed) {
      if (!modern) this.#isReady();
      return this.#router.route(exchange, subject, modern);
    }
    if (subject) return Promise.resolve(subject);
    if (METHODS.get(call.method)?.era === (modern ? 'legacy' : 'modern')) return Promise.resolve(notFound(call));
    return this.#open.during(exchange, this.#answer(exchange, modern));
  }

  notify(call: Call): Promise<void> | undefined {
    if (call.method === 'notifications/initialized') {
      this.#isReady();
      return undefined;
    }
    // A request without an id: it names something of one server at most, and nobody waits for its answer.
    if (METHODS.has(call.method) && !call.method.startsWith('notifications/')) return undefined;
    for (const member of this.#members.met) member.notify(call);
    return undefined;
  }

  async close(limit: number): Promise<void> {
    const left = await drained(this.#open.idle(), limit);
    this.#end(new ProxyError('failed', 'the session has ended'));
    await this.#members.close(left);
  }

  destroy(reason: ProxyError): void {
    this.#open.destroy(reason);
    this.#end(reason);
    this.#members.destroy(reason);
  }

  #end(reason: ProxyError): void {
    this.#given.close();
    this.#closing.abort(reason);
    this.#options.closed();
  }

  /** The server of a tool, and its own name for it. */
  toolNamed(shown: string): Route | undefined {
    return this.#options.visible.directory.named('tools/list', shown);
  }

  /** The name under which clients see the tool that they may also call by this name. */
  shownTool(name: string): string | undefined {
    const route = this.toolNamed(name);
    return route && this.#options.visible.directory.shownName('tools/list', route);
  }

  /** Waits for the tools of servers that have not listed them yet, as a call of an unknown tool does. */
  searchTools(): Promise<void> {
    return this.#members.search(['tools/list']);
  }

  /** All tools that are known. The same array as long as nothing has changed. */
  get toolList(): readonly Json[] {
    return this.#options.visible.directory.list('tools/list');
  }

  /** A list of one server has changed: tells the client what it has got and is no longer true. */
  changed(): void {
    this.#given.compare((method) => this.#options.visible.directory.list(method));
  }

  /** These servers are gone, or are others now. */
  drop(gone: readonly Listed[], limit: number): Promise<void> {
    return this.#members.drop(gone, limit);
  }

  async #answer(exchange: Exchange, modern: boolean): Promise<Reply> {
    const { call } = exchange;
    const { method } = call;
    if (!modern && method !== 'initialize' && method !== 'ping') this.#isReady();
    if (LISTS.has(method)) return this.#list(call, modern);
    switch (method) {
      case 'initialize':
        return this.#opened(call);
      case 'server/discover':
        this.#envelope = withoutExtension(envelopeOf(call));
        await this.#members.meetAll();
        return { result: discoverResult(this.#introduction()) };
      case 'ping':
        return { result: encode({}) };
      case 'logging/setLevel':
        return this.#setLevel(exchange);
      case 'subscriptions/listen':
        return this.#listeners.listen(exchange);
    }
    return errorReply(METHOD_NOT_FOUND, `Method not found: ${method.slice(0, 200)}`, {
      hint: 'nothing in the request says which of the servers it is for; connect to that server alone',
    });
  }

  async #opened(call: Call): Promise<Reply> {
    this.#members.reset(0);
    this.#given.clear();
    this.#level = undefined;
    this.#ready = this.#untilReady();
    this.#initialize = call;
    await this.#members.meetAll();
    return { result: initializedBy(requestedRevision(call) ?? LEGACY_REVISIONS[0], this.#introduction()) };
  }

  #introduction(): Introduction {
    const all = this.#options.visible.servers.map(({ listed: { name, catalog } }) => {
      return { name, introduction: catalog.introduction };
    });
    return joinedIntroduction(all, this.#options.version);
  }

  async #list(call: Call, modern: boolean): Promise<Reply> {
    await this.#members.gather([call.method]);
    const entries = this.#options.visible.directory.list(call.method);
    if (!modern) this.#given.give(call.method, entries);
    return pageFor(call, entries, { modern, id: this.#options.id });
  }

  async #setLevel({ call }: Exchange): Promise<Reply> {
    const level = peek(call.params, 'level');
    if (!level || !LOG_LEVELS.includes(asString(level) ?? '')) {
      return errorReply(INVALID_PARAMS, `Invalid params: level is not one of ${LOG_LEVELS.join(', ')}`);
    }
    this.#level = level;
    const told = this.#members.met.filter(({ server }) => has(server.catalog.introduction, 'logging'));
    const asked = told.map((member) => {
      const over = member.ask(call).then(ignore, ignore);
      return { over, local: false, pace: member.server.catalog.pace ?? 0 };
    });
    await this.#options.arrivals.enough(asked, true);
    return { result: encode({}) };
  }

  readonly #memberClient: MemberClient = {
    notify: (note) => this.#options.client.notify(note),
    ask: (call, signal) => this.#options.client.ask(call, signal),
    room: () => this.#options.client.room(),
    identity: () => this.#identity(),
    ready: () => this.#ready,
    level: () => this.#level,
    met: (member) => this.#listeners.met(member),
  };

  #identity(): ClientIdentity {
    const envelope = this.#envelope;
    if (envelope && (this.#modern || !this.#initialize)) return { era: 'modern', envelope };
    return { era: 'legacy', initialize: this.#initialize ?? initializeCall(ourselves(this.#options.version)) };
  }

  /** What becomes of a notification of a server. */
  #toldBy(member: Member): Told {
    return (note, pass) => {
      if (isListChange(note.method)) return this.#listChanged(member, note.method);
      if (note.method !== 'notifications/resources/updated') return pass(note);
      const uri = asString(peek(note.params, 'uri'));
      if (uri === undefined || !note.params) return pass(note);
      const shown = member.subscribed.get(uri) ?? this.#options.visible.directory.shownUris(member.server)?.(uri);
      return pass(shown === undefined ? note : { ...note, params: withMember(note.params, 'uri', encode(shown)) });
    };
  }

  /** Reads the lists again that a server says have changed, and then tells the client. */
  #listChanged(member: Member, changed: string): undefined {
    const { catalog } = member.server;
    const methods = [...LISTS.keys()].filter((method) => METHODS.get(method)?.changed === changed);
    for (const method of methods) catalog.stale(method);
    const read = methods.filter((method) => catalog.list(method) !== undefined);
    const reading = read.map((method) => member.load(method, true));
    Promise.all(reading).then(() => !this.#closing.aborted && this.#given.changed(changed));
  }

  /** Tells the client that a list has changed. */
  #tellChange(method: string): void {
    this.#listeners.changed(method);
    if (this.#initialize) this.#options.client.notify({ method });
  }

  #untilReady(): Promise<void> {
    return new Promise((resolve) => {
      this.#isReady = () => {
        this.#isReady = ignore;
        resolve();
      };
    });
  }

  async #locate(uri: string): Promise<{ readonly member: Member; readonly own: string } | undefined> {
    await this.#members.gather(listsFor('resources/list'));
    const found = this.#options.visible.directory.located(uri);
    return found && { member: this.#members.of(found.server), own: found.own };
  }
}

function notFound({ method }: Call): Reply {
  return errorReply(METHOD_NOT_FOUND, `Method not found: ${method.slice(0, 200)}`);
}

function ignore(): void {}
