// SDK v2 that answers 2026-07-28 and refuses every revision before it.
import { type SdkV2Peer, startSdkV2 } from './sdk-v2.ts';

export const startSdkV2Modern = (): Promise<SdkV2Peer> => startSdkV2('reject');
