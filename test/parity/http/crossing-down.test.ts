// The official client of 2026-07-28 in front of official servers of older revisions, in HTTP mode.
import type { Peer } from '../../peers/listen.ts';
import { startSdkV1Sse } from '../../peers/sdk-v1-sse.ts';
import { startSdkV1Stateful } from '../../peers/sdk-v1-stateful.ts';
import { startSdkV2Modern } from '../../peers/sdk-v2-modern.ts';
import { crossing } from '../crossing.ts';
import { NOT_COMMON } from '../crossing-exceptions.ts';
import { type Deployment, startDeployment } from '../replicas/deployment.ts';
import { connect } from '../stdio/subject.ts';

/** The program in front of a server, as a peer. */
const behindProxy = (start: () => Promise<Peer>) => async (): Promise<Peer> => {
  const server = await start();
  const deployment: Deployment = await startDeployment(server.url);
  return {
    url: `${deployment.url}/mcp`,
    async close() {
      await deployment.stop();
      await server.close();
    },
  };
};

const http = {
  startOwn: startSdkV2Modern,
  connectOwn: (url: string) => connect('SDK v2 modern', 'http', url),
  connectOther: (url: string) => connect('SDK v2 modern', 'http', url),
  server: { streams: true },
  without: NOT_COMMON,
};

crossing({ ...http, name: 'SDK v1 stateful', startOther: behindProxy(startSdkV1Stateful) });

crossing({
  ...http,
  name: 'SDK v1 over HTTP+SSE',
  startOther: behindProxy(startSdkV1Sse),
  // The one stream does not say which call a question belongs to, so one call carries all of them.
  otherMessages: ['questions of concurrent calls'],
});
