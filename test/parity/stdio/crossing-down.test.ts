// The official client of 2026-07-28 in front of official servers of older revisions, on stdio.
import { startSdkV1Sse } from '../../peers/sdk-v1-sse.ts';
import { startSdkV1Stateful } from '../../peers/sdk-v1-stateful.ts';
import { startSdkV1Stateless } from '../../peers/sdk-v1-stateless.ts';
import { startSdkV2Modern } from '../../peers/sdk-v2-modern.ts';
import { crossing } from '../crossing.ts';
import { NOT_COMMON, WITHOUT_SESSION } from '../crossing-exceptions.ts';
import { connect } from './subject.ts';

const CLIENT = 'SDK v2 modern';
const stdio = {
  startOwn: startSdkV2Modern,
  connectOwn: (url: string) => connect(CLIENT, 'http', url),
  connectOther: (url: string) => connect(CLIENT, 'proxy', url),
};

crossing({
  ...stdio,
  name: 'SDK v1 stateful',
  startOther: startSdkV1Stateful,
  server: { streams: true },
  without: NOT_COMMON,
});

crossing({
  ...stdio,
  name: 'SDK v1 over HTTP+SSE',
  startOther: startSdkV1Sse,
  server: { streams: true },
  without: NOT_COMMON,
  // The one stream does not say which call a question belongs to, so one call carries all of them.
  otherMessages: ['questions of concurrent calls'],
});

crossing({
  ...stdio,
  name: 'SDK v1 stateless',
  startOther: startSdkV1Stateless,
  server: { streams: false },
  without: [...NOT_COMMON, ...WITHOUT_SESSION],
});
