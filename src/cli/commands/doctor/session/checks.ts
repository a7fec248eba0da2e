/** The checks of a session, whatever server it is with. */
import type { CheckName } from '../examination.ts';

export const SESSION: CheckName = ['session', 'Session'];
export const PROTOCOL: CheckName = ['protocol', 'Protocol'];
export const LISTS: CheckName = ['lists', 'Lists'];
export const CALL: CheckName = ['call', 'Test call'];
export const SPEED: CheckName = ['latency', 'Speed'];

export const SESSION_CHECKS: readonly CheckName[] = [SESSION, PROTOCOL, LISTS, CALL, SPEED];
