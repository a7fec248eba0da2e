// The servers that carry the feature definition, as the matrix runs them.
import { startSdkV1Stdio, startSdkV2Stdio } from '../../peers/local/sdk-servers.ts';
import { startSdkV1Stateful } from '../../peers/sdk-v1-stateful.ts';
import { startSdkV1Stateless } from '../../peers/sdk-v1-stateless.ts';
import { startSdkV2Dual } from '../../peers/sdk-v2-dual.ts';
import { startSdkV2Modern } from '../../peers/sdk-v2-modern.ts';
import { BEHAVIOURS } from './behaviours.ts';
import type { Contender } from './suite.ts';

const settle: Contender['settle'] = (subject, { streams }) =>
  // Until its GET stream is open, a client of a session misses what belongs to no request.
  streams && !subject.modern ? subject.tool('await-stream') : Promise.resolve();

const shared = { direct: 'http', settle, behaviours: BEHAVIOURS } as const;

export const V1_STATEFUL: Contender = {
  ...shared,
  name: 'SDK v1 stateful',
  start: startSdkV1Stateful,
  clients: { 'SDK v1': { streams: true }, 'SDK v2 legacy': { streams: true } },
};

export const V1_STATELESS: Contender = {
  ...shared,
  name: 'SDK v1 stateless',
  start: startSdkV1Stateless,
  clients: { 'SDK v1': { streams: false }, 'SDK v2 legacy': { streams: false } },
};

export const V2_DUAL: Contender = {
  ...shared,
  name: 'SDK v2 dual-era',
  start: startSdkV2Dual,
  // It has no sessions for older clients, so the proxy bridges them: see `bridged.test.ts`.
  clients: { 'SDK v2 modern': { streams: true } },
};

export const V2_MODERN: Contender = {
  ...shared,
  name: 'SDK v2 modern-only',
  start: startSdkV2Modern,
  clients: { 'SDK v2 modern': { streams: true } },
};

export const V1_STDIO: Contender = {
  ...shared,
  direct: 'stdio',
  name: 'SDK v1 stdio',
  start: startSdkV1Stdio,
  clients: { 'SDK v1': { streams: true }, 'SDK v2 legacy': { streams: true } },
};

export const V2_STDIO: Contender = {
  ...shared,
  direct: 'stdio',
  name: 'SDK v2 stdio',
  start: startSdkV2Stdio,
  clients: { 'SDK v2 modern': { streams: true } },
};
