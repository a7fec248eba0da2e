// SDK v2 that answers 2026-07-28 and, without sessions, the revisions before it at the same URL.
import { type SdkV2Peer, startSdkV2 } from './sdk-v2.ts';

export const startSdkV2Dual = (): Promise<SdkV2Peer> => startSdkV2('stateless');
