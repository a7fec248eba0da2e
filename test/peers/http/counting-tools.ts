// The tools of the counting server. Each call has a nonce, which comes back in every message that the call causes.
import type { RpcMessage } from '../rpc.ts';
import type { Audience } from './counting-session.ts';
import type { Ledger } from './ledger.ts';

export interface ToolArguments {
  readonly nonce: string;
  /** Milliseconds before each step of the call. */
  readonly delay?: number;
  readonly steps?: number;
  readonly level?: string;
  readonly uri?: string;
  /** Where a message goes: with the answer, or on the stream that belongs to no call. */
  readonly on?: 'call' | 'session';
  /** The form of an answer that comes alone. */
  readonly as?: 'json' | 'events';
}

export interface Turn {
  readonly arguments: ToolArguments;
  readonly progressToken: unknown;
  readonly cancelled: AbortSignal;
  readonly ledger: Ledger;
  /** Sends what belongs to this call. */
  notify(method: string, params: object): void;
  /** Asks the client; the answer is a result or an error. */
  ask(method: string, params: object): Promise<object>;
  log(level: string, data: string): void;
  /** All clients that are told of changes. */
  readonly audience: Iterable<Audience>;
}

const TOOL_NAMES = ['echo', 'progress', 'wait', 'ask', 'log', 'touch', 'announce'];

export const LEVELS = ['debug', 'info', 'notice', 'warning', 'error', 'critical', 'alert', 'emergency'];

export const TOOL_LIST = TOOL_NAMES.map((name) => ({ name, inputSchema: { type: 'object' } }));

/** Runs a tool; undefined when it was cancelled, so that there is nothing to answer. */
export async function runTool(name: string, turn: Turn): Promise<object | undefined> {
  const { ledger, progressToken } = turn;
  const { nonce, delay = 0, steps = 3, level = 'info', uri = '' } = turn.arguments;
  const progress = (step: number): void => {
    if (progressToken === undefined) return;
    turn.notify('notifications/progress', { progressToken, progress: step, total: steps, message: nonce });
  };
  ledger.ran(nonce);
  switch (name) {
    case 'echo':
      await pause(delay, turn.cancelled);
      break;
    case 'progress':
      for (let step = 1; step <= steps && !turn.cancelled.aborted; step++) {
        await pause(delay, turn.cancelled);
        progress(step);
      }
      break;
    case 'wait':
      progress(1);
      if (!turn.cancelled.aborted) await new Promise((resolve) => turn.cancelled.addEventListener('abort', resolve));
      break;
    case 'ask': {
      await pause(delay, turn.cancelled);
      const requestedSchema = { type: 'object', properties: { answer: { type: 'string' } } };
      const outcome = await turn.ask('elicitation/create', { message: nonce, requestedSchema });
      ledger.answered(nonce, outcome);
      return said(nonce, JSON.stringify(outcome));
    }
    case 'log':
      await pause(delay, turn.cancelled);
      turn.log(level, nonce);
      break;
    case 'touch':
      for (const one of turn.audience) one.updated(uri, nonce);
      break;
    case 'announce':
      for (const one of turn.audience) one.announced(nonce);
      break;
    default:
      return { content: [], isError: true };
  }
  if (!turn.cancelled.aborted) return said(nonce);
  ledger.cancelled(nonce);
  return undefined;
}

function said(...texts: string[]): object {
  return { content: texts.map((text) => ({ type: 'text', text })) };
}

/** The nonce in the answer to a call. */
export function nonceOf(message: RpcMessage): string | undefined {
  return message.result?.content?.[0]?.text;
}

function pause(ms: number, cancelled: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      cancelled.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    cancelled.addEventListener('abort', done);
  });
}
