/** The rest of a stream that another replica has had, for a client that comes back for it. */
import { JsonError } from '../../../core/json.ts';
import { encodeResponse, type Frame, type Id, parseFrame } from '../../../core/jsonrpc.ts';
import type { KeptEvent } from '../../../core/ports/replay.ts';
import { replyFrom } from '../../../wire/replies.ts';
import type { EventStream } from '../response/event-stream.ts';
import { REPLICA_ENDED } from './reopened-session.ts';
import { eventId, type Position } from './resumable-stream.ts';

export interface FormerStream {
  /** The last event that the client has. */
  readonly position: Position;
  /** What is kept of the stream, in order. */
  readonly kept: readonly KeptEvent[];
  /** The requests whose answers belong on it. */
  readonly asked: readonly Id[];
}

/** Writes what the client has missed, and an error for each request whose answer is not kept; then ends the stream. */
export function endFormer(outlet: EventStream, { position, kept, asked }: FormerStream): void {
  const open = new Set(asked);
  for (const { sequence, frame } of kept) {
    for (const id of answeredIn(frame)) open.delete(id);
    if (sequence <= position.sequence) continue;
    outlet.write(frame, { id: eventId({ stream: position.stream, sequence }) });
  }
  for (const id of open) outlet.write(encodeResponse(id, replyFrom(REPLICA_ENDED)));
  outlet.end();
}

/** The requests that a frame of this proxy answers. */
function answeredIn(frame: Frame): readonly Id[] {
  try {
    const { messages } = parseFrame(frame.length === 1 ? (frame[0] as Buffer) : Buffer.concat(frame));
    return messages.flatMap((message) => (message.kind === 'response' ? [message.id] : []));
  } catch (error) {
    if (error instanceof JsonError) return [];
    throw error;
  }
}
