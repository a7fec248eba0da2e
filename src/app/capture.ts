/** The two layers that record a session, and the file that they share. Loaded for `--capture`. */
import { randomBytes } from 'node:crypto';
import type { CaptureConfig } from '../config.ts';
import type { Layer } from '../core/layer.ts';
import { capture, type NewEvent } from '../layers/capture/capture.ts';
import { redacted } from '../layers/capture/redaction.ts';
import { openRecordingFile } from '../state/files/recording.ts';
import { eventLine, headerLine, type Leg, type RecordedEvent } from '../wire/recording.ts';
import type { Environment } from './environment.ts';

/** What a recording needs to know of the server. */
interface Recorded {
  /** The server, without secrets. */
  readonly label: string;
  readonly environment: Environment;
}

/** Opens the recording. Throws a ProxyError when the file cannot be written. */
export function openCapture(
  { file, keepsArguments }: CaptureConfig,
  { label, environment }: Recorded,
): Record<Leg, Layer> {
  const { log, redact, version } = environment;
  const recording = openRecordingFile(file, (why) => log.warn(why));
  const began = Date.now();
  const run = randomBytes(6).toString('hex');
  recording.write(
    headerLine({
      run,
      program: `mcp-proxy ${version}`,
      began: new Date(began).toISOString(),
      server: label,
      arguments: keepsArguments,
    }),
  );
  const put = (event: NewEvent): void => {
    const timed: RecordedEvent = { time: Date.now() - began, ...event };
    recording.write(eventLine(run, redacted(timed, redact, keepsArguments)));
  };
  return { client: capture('client', put), server: capture('server', put) };
}
