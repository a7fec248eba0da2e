/** A recorded session as a server on two streams. */
import { readFile, stat } from 'node:fs/promises';
import { JsonError } from '../core/json.ts';
import type { Log } from '../core/ports.ts';
import { StdioDownstream } from '../downstream/stdio/stdio.ts';
import type { StdioStreams } from '../downstream/stdio/streams.ts';
import { ProxyError } from '../errors.ts';
import { codeOf } from '../platform/files.ts';
import { type Recording, readRecording, withoutOffset } from '../upstream/recorded/recording.ts';
import { RecordedSession } from '../upstream/recorded/session.ts';

/** Bytes of a recording that can be replayed. */
const LARGEST = 256 * 1_048_576;

/** How long answers may take to be written after the client has left, in milliseconds. */
const FLUSH_LIMIT = 2_000;

/**
 * Serves the recording until the client leaves, or `end` resolves. Rejects with a ProxyError when the file is not a
 * recording.
 */
export async function replay(file: string, streams: StdioStreams, log: Log, end: Promise<void>): Promise<void> {
  const recording = await openRecording(file);
  const { began, program, server } = recording.header;
  log.info(`replaying a session of ${program} with ${server}, recorded ${began}`);
  const client = new StdioDownstream(streams, log);
  const session = new RecordedSession(recording, client);
  client.start({ request: (exchange) => session.request(exchange), notify: (call) => session.notify(call) });
  await Promise.race([client.ended, end]);
  const reason = new ProxyError('failed', 'the recording has no answer to this request');
  session.destroy(reason);
  client.destroy(reason);
  await Promise.race([client.flushed(), new Promise((resolve) => setTimeout(resolve, FLUSH_LIMIT).unref())]);
}

async function openRecording(file: string): Promise<Recording> {
  const shown = JSON.stringify(file);
  let text: Buffer;
  try {
    const stats = await stat(file);
    if (!stats.isFile() && !stats.isDirectory())
      throw new ProxyError('usage', `${shown} is not a file`, { hint: 'name the file that --capture has written' });
    if (stats.size > LARGEST)
      throw new ProxyError('usage', `${shown} is larger than 256 MiB`, { hint: 'keep the lines of one run only' });
    text = await readFile(file);
  } catch (error) {
    if (error instanceof ProxyError) throw error;
    throw new ProxyError('usage', `cannot read ${shown}: ${codeOf(error) ?? 'unknown error'}`, {
      hint: 'name the file that --capture has written',
    });
  }
  try {
    return readRecording(text);
  } catch (error) {
    if (!(error instanceof JsonError)) throw error;
    throw new ProxyError('usage', `${shown} is not a recording: ${withoutOffset(error)}`, {
      hint: 'name the file that --capture has written',
    });
  }
}
