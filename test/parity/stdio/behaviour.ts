// How one behaviour is observed: run it, and keep what the client returned or threw, and what arrived meanwhile.
import { answerInside, type Comparable, comparable, errorOf, normalise } from './normalise.ts';
import type { CallOptions, Subject } from './subject.ts';

export interface Server {
  /** Whether this server has a way to send what belongs to no request, to this client. */
  streams: boolean;
}

export interface Run {
  readonly subject: Subject;
  readonly server: Server;
  /** A key that no other run uses. */
  readonly key: string;
  /** Runs one step and keeps its outcome. */
  step(act: Promise<unknown> | (() => Promise<unknown>)): Promise<unknown>;
  tool(name: string, args?: Record<string, unknown>, options?: CallOptions): Promise<unknown>;
  request(method: string, params?: Record<string, unknown>, options?: CallOptions): Promise<unknown>;
  /** A notification that must arrive after this point, where the server can send it at all. */
  expectNotified(method: string): () => Promise<void>;
}

export interface Behaviour {
  name: string;
  /** The order in which these arrive is random; see `comparable`. */
  loose?: boolean;
  /** Notifications whose number or content is random. */
  ignore?: RegExp;
  run(run: Run): Promise<void>;
}

export interface Observation {
  outcomes: unknown[];
  events: Comparable;
}

let runs = 0;

export async function observe(behaviour: Behaviour, subject: Subject, server: Server): Promise<Observation> {
  const { wire } = subject;
  const start = wire.mark();
  const outcomes: unknown[] = [];
  const step: Run['step'] = async (act) => {
    try {
      // SDK v2 throws, instead of rejecting, for what its revision does not have.
      const value = await (typeof act === 'function' ? act() : act);
      outcomes.push(normalise(value ?? null));
      return value;
    } catch (error) {
      const answer = answerInside(error);
      if (answer) wire.deliver(answer);
      outcomes.push(errorOf(answer?.error ?? error));
      return undefined;
    }
  };
  runs += 1;
  await behaviour.run({
    subject,
    server,
    key: `run ${runs}`,
    step,
    tool: (name, args, options) => step(() => subject.tool(name, args, options)),
    request: (method, params, options) => step(() => subject.request(method, params, options)),
    expectNotified(method) {
      const mark = wire.mark();
      return async () => {
        if (server.streams) await wire.notified(mark, method);
      };
    },
  });
  const { loose = false, ignore } = behaviour;
  const events = wire.since(start).filter((event) => event.kind !== 'notification' || !ignore?.test(event.method));
  return { outcomes, events: comparable(events, loose) };
}
