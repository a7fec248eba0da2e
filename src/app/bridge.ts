/** Puts the bridge for modern clients of a legacy server together. Loaded when a client needs it. */
import { randomUUID } from 'node:crypto';
import type { Connect } from '../core/layer.ts';
import type { HeldCalls } from '../core/ports/held.ts';
import { Bridge } from '../layers/bridge/held/bridge.ts';
import { KeptBytes } from '../layers/bridge/held/kept-bytes.ts';
import type { OngoingCall } from '../layers/bridge/held/ongoing-call.ts';
import { progressTokens } from '../layers/sharing/progress-layer.ts';
import { ourselves } from '../mcp/handshake.ts';
import { memoryHeldCalls } from '../state/memory/held-calls.ts';
import { homedStates, requestStates } from '../state/request-states.ts';
import type { Environment } from './environment.ts';

/**
 * Makes a bridge for each client. The limits are for all of them together.
 * @param several whether each client may be several programs.
 */
export function bridges(
  { log, version, openHeldCalls, shared }: Environment,
  several: boolean,
): (connect: Connect) => Bridge {
  const held: HeldCalls<OngoingCall> = openHeldCalls?.() ?? memoryHeldCalls();
  const states = shared ? homedStates(requestStates(), () => shared.replicas.newHandle()) : requestStates();
  const kept = new KeptBytes();
  return (connect) =>
    new Bridge({
      // Each request has a progress token of its own, because several clients may choose the same.
      connect: progressTokens()(connect),
      held,
      states,
      kept,
      owner: randomUUID(),
      several,
      ourselves: ourselves(version),
      log,
    });
}
