import { type Json, peek } from '../core/json.ts';
import type { Call } from '../core/jsonrpc.ts';
import { LIST_CHANGES } from './methods.ts';

/** The notifications that make a client reload every list that may have changed in the meantime. */
export function listChanges(initializeResult: Json): Call[] {
  return LIST_CHANGES.flatMap(({ method, capability }) => {
    const announced = peek(initializeResult, 'capabilities', capability, 'listChanged');
    return announced?.toString('latin1') === 'true' ? [{ method }] : [];
  });
}
