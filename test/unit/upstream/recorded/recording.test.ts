import { expect, it } from 'vitest';
import { readRecording } from '../../../../src/upstream/recorded/recording.ts';
import { eventLine, headerLine, type RecordedEvent } from '../../../../src/wire/recording.ts';

const RUN = 'r';
const HEADER = { run: RUN, program: 'mcp-proxy', began: '2026-07-28T00:00:00Z', server: 's', arguments: true };

function recorded(...events: readonly Omit<RecordedEvent, 'time' | 'leg' | 'session'>[]): Buffer {
  const lines = events.map((event) =>
    eventLine(RUN, { time: 0, leg: 'server', session: 1, ...event } as RecordedEvent),
  );
  return Buffer.from(headerLine(HEADER) + lines.join(''));
}

it('has a cancellation by the server only where it ends a subscription', () => {
  const cancelled = {
    from: 'server',
    kind: 'notification',
    method: 'notifications/cancelled',
    params: Buffer.from('{"requestId":1}'),
  } as const;
  const progress = { ...cancelled, method: 'notifications/progress' } as const;
  const asks = (id: string, method: string) => ({ from: 'client', kind: 'request', id, method }) as const;
  const { scenes } = readRecording(
    recorded(
      asks('c1', 'subscriptions/listen'),
      { ...cancelled, during: 'c1' },
      asks('c2', 'tools/call'),
      { ...cancelled, during: 'c2' },
      { ...progress, during: 'c2' },
      cancelled,
      progress,
    ),
  );
  const told = (method: string) => {
    const scene = scenes.find({ method });
    return [scene?.during, scene?.after].map((steps) => steps?.map(({ call }) => call.method));
  };
  expect(told('subscriptions/listen')).toEqual([['notifications/cancelled'], []]);
  expect(told('tools/call')).toEqual([['notifications/progress'], ['notifications/progress']]);
});
