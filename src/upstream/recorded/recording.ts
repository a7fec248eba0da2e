/** A recording, taken apart: what to answer to which request, and what the server said around it. Pure. */
import { type Json, JsonError, peek } from '../../core/json.ts';
import type { Call } from '../../core/jsonrpc.ts';
import { CANCELLED } from '../../mcp/cancelled.ts';
import { isSubscription } from '../../mcp/methods.ts';
import { type Header, parseLine, type RecordedEvent } from '../../wire/recording.ts';
import { type RecordedStep, type Scene, SceneIndex } from './scene-index.ts';

export interface Recording {
  readonly header: Header;
  readonly scenes: SceneIndex;
}

/** Lines shown in an error. */
const SHOWN = 80;

/**
 * Reads the last run of a recording: what the server did, or, where no server was reached, what the client saw of it.
 * Throws a JsonError that names the line.
 */
export function readRecording(text: Buffer): Recording {
  let header: Header | undefined;
  let events: RecordedEvent[] = [];
  for (const { line, number } of linesOf(text)) {
    try {
      const read = parseLine(line);
      if (read.type === 'header') {
        header = read;
        events = [];
      } else if (read.run === header?.run) events.push(read.event);
    } catch (error) {
      if (!(error instanceof JsonError)) throw error;
      if (isTorn(line)) continue;
      const why = withoutOffset(error);
      throw new JsonError(`line ${number}: ${why} in ${JSON.stringify(line.toString('utf8', 0, SHOWN))}`, 0);
    }
  }
  if (!header) throw new JsonError('it has no line with "format"', 0);
  const leg = events.some((event) => event.leg === 'server') ? 'server' : 'client';
  return { header, scenes: new SceneIndex(scenesOf(events.filter((event) => event.leg === leg))) };
}

function* linesOf(text: Buffer): Generator<{ readonly line: Buffer; readonly number: number }> {
  for (let start = 0, number = 1; start < text.length; number++) {
    const end = text.indexOf(0x0a, start);
    // What a program that was killed did not finish.
    if (end === -1) return;
    if (end > start) yield { line: text.subarray(start, end), number };
    start = end + 1;
  }
}

/** The message without the place within the line, which says nothing where a line has no member of a kind. */
export function withoutOffset({ message }: JsonError): string {
  return message.replace(/ at byte \d+$/, '');
}

/** Whether it is only a part of a line: what a program leaves that was killed, or that found the disk full. */
function isTorn(line: Buffer): boolean {
  if (line[0] !== 0x7b) return false;
  try {
    JSON.parse(line.toString('utf8'));
    return false;
  } catch {
    return true;
  }
}

function scenesOf(events: readonly RecordedEvent[]): Scene[] {
  const scenes: Scene[] = [];
  const byId = new Map<string, Scene>();
  const last = new Map<number, Scene>();
  const begin = (event: RecordedEvent, call: Call, id?: string): void => {
    const scene: Scene = { call, during: [], reply: undefined, after: [], used: false };
    scenes.push(scene);
    last.set(event.session, scene);
    if (id !== undefined) byId.set(`${event.session} ${id}`, scene);
  };
  for (const event of events) {
    const { session, during, from, kind } = event;
    if (from === 'client') {
      if ('method' in event) begin(event, callOf(event.method, event.params), 'id' in event ? event.id : undefined);
    } else if (kind === 'result' || kind === 'error') {
      const scene = byId.get(`${session} ${event.id}`);
      if (scene) scene.reply = kind === 'result' ? { result: event.payload } : { error: event.payload };
    } else if ('method' in event) {
      const step: RecordedStep = {
        kind: event.kind === 'request' ? 'question' : 'notification',
        call: callOf(event.method, event.params),
      };
      const scene = during === undefined ? undefined : byId.get(`${session} ${during}`);
      // It names a request by the id of then, unless it ends a subscription: that gets the id of now.
      if (step.call.method === CANCELLED && !(scene && isSubscription(scene.call))) continue;
      if (scene) scene.during.push(step);
      else last.get(session)?.after.push(step);
    }
  }
  return scenes;
}

function callOf(method: string, params: Json | undefined): Call {
  return params ? { method, params } : { method };
}

/** The progress token of a request, as JSON text. */
export function tokenOf({ params }: Call): Json | undefined {
  return peek(params, '_meta', 'progressToken');
}
