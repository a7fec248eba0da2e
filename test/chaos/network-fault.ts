// What a bad day does to the way to one server.
import type { CountingServer } from '../peers/http/counting-server.ts';
import type { Random } from '../unit/core/random.ts';
import type { FragileNetwork } from './fragile-network.ts';

export const NETWORK_FAULTS = ['cut', 'refuses', 'stalls', 'sessions forgotten'] as const;

/** Begins one fault. */
export function networkFault(
  upstream: CountingServer,
  network: FragileNetwork,
  random: Random,
  fault: (typeof NETWORK_FAULTS)[number] = random.pick(NETWORK_FAULTS),
): string {
  switch (fault) {
    case 'cut':
      network.cut();
      break;
    case 'refuses':
      network.refuse(50 + random.int(1_500));
      break;
    case 'stalls':
      network.stall(50 + random.int(3_000));
      break;
    case 'sessions forgotten':
      // A restart: the sessions are gone, and with them the connections.
      for (const session of [...upstream.sessions.values()]) session.forget();
      network.cut();
  }
  return fault;
}
