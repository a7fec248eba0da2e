import { expect } from 'vitest';
import type { StatefulPeer } from '../../peers/sdk-v1-stateful.ts';
import { V1_STATEFUL } from '../stdio/feature-servers.ts';
import { httpMatrix } from './suite.ts';

httpMatrix(V1_STATEFUL, {
  afterwards: (peer) => expect((peer as StatefulPeer).sessions.size).toBe(0),
});
