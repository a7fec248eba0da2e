/** The requests of the doctor: with the stored token, as the proxy sends it, and without a sign-in if that is refused. */
import type { HttpServer } from '../../../../config.ts';
import type { Peer, Session } from '../../../../core/exchange.ts';
import { type Fetch, withHeaders } from '../../../../core/fetch.ts';
import type { Spoken } from '../../../../core/ports.ts';
import type { HttpClient } from '../../../../http/client.ts';
import { upgrade } from '../../../../layers/bridge/upgrade.ts';
import { Upstream } from '../../../../upstream/upstream.ts';
import type { Patient } from '../patient.ts';
import { SILENT } from '../session/silent-log.ts';

/** A `Fetch` that sends a token to the server, and to no other one. It never gets a new one: that would store it. */
function fetchWith(http: HttpClient, { url }: HttpServer, bearer: string | undefined): Fetch {
  if (bearer === undefined) return http.fetch;
  return (request) =>
    http.fetch(
      request.url.origin === url.origin
        ? withHeaders(request, { ...request.headers, authorization: `Bearer ${bearer}` })
        : request,
    );
}

/** Opens sessions over whatever the server speaks. Remembers nothing, and believes no memory. */
function open({ server }: Patient<HttpServer>, http: HttpClient, fetch: Fetch) {
  let spoken: Spoken | undefined;
  const memory = {
    peek: () => undefined,
    recall: () => Promise.resolve(undefined),
    remember: async (_url: URL, found: Spoken) => {
      spoken = found;
    },
  };
  return {
    connect: (peer: Peer): Session =>
      upgrade({ log: SILENT, host: server.url.host })(
        (client) =>
          new Upstream({
            url: server.url,
            fetch,
            log: SILENT,
            peer: client,
            strategy: server.strategy,
            memory,
            connected: () => http.connected,
            advise: () => Promise.resolve(undefined),
          }),
      )(peer),
    transport: () => (spoken === 'sse' ? 'HTTP+SSE' : 'Streamable HTTP'),
  };
}

export const remoteConnect = { fetchWith, open };
