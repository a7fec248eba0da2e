// A reverse proxy that writes down every HTTP request on its way to a server and changes nothing: for tests that
// count requests, or look at their headers and bodies.

import http from 'node:http';
import { StringDecoder } from 'node:string_decoder';
import { Changes } from './changes.ts';
import { listenLoopback, type Peer } from './listen.ts';

export interface RecordedRequest {
  method: string;
  /** Path and query. */
  path: string;
  headers: http.IncomingHttpHeaders;
  /** Names and values as they were sent, in order. */
  rawHeaders: string[];
  body: string;
  /** Known once the server has answered. */
  status?: number;
  responseHeaders?: http.IncomingHttpHeaders;
  /** What the server has answered so far; a stream grows. */
  responseBody: string;
}

export interface Recorder extends Peer {
  /** In order of arrival, each there before its answer is. */
  readonly requests: RecordedRequest[];
  /** Requests whose JSON-RPC body has this method. */
  withMethod(method: string): RecordedRequest[];
  /** The first request that matches, past or future. */
  request(matches: (request: RecordedRequest) => boolean): Promise<RecordedRequest>;
}

/** `target` is the URL of the server; the recorder's own URL has the same path. */
export async function startRecorder(target: string): Promise<Recorder> {
  const upstream = new URL(target);
  const agent = new http.Agent({ keepAlive: true });
  const requests: RecordedRequest[] = [];
  const changes = new Changes();

  const peer = await listenLoopback(upstream.pathname + upstream.search, async (req, res) => {
    const chunks: Buffer[] = [];
    for await (const chunk of req) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const recorded: RecordedRequest = {
      method: req.method ?? '',
      path: req.url ?? '',
      headers: req.headers,
      rawHeaders: req.rawHeaders,
      body: body.toString('utf8'),
      responseBody: '',
    };
    requests.push(recorded);
    changes.changed();

    // The server sees its own Host, as it would without the recorder.
    const headers = { ...req.headers, host: upstream.host };
    const { hostname, port } = upstream;
    const onward = http.request({ agent, hostname, port, method: req.method, path: req.url, headers });
    onward.once('response', (answer) => {
      recorded.status = answer.statusCode ?? 0;
      recorded.responseHeaders = answer.headers;
      res.writeHead(recorded.status, answer.rawHeaders);
      res.flushHeaders();
      const decoder = new StringDecoder('utf8');
      answer.on('data', (chunk: Buffer) => {
        recorded.responseBody += decoder.write(chunk);
      });
      answer.pipe(res);
      answer.once('error', () => res.destroy());
    });
    onward.once('error', () => res.destroy());
    res.once('close', () => onward.destroy());
    onward.end(body);
  });

  return {
    url: peer.url,
    requests,
    withMethod: (method) => requests.filter(({ body }) => rpcMethod(body) === method),
    request(matches) {
      const seen = (): string =>
        requests.map(({ method, path, body }) => `  ${method} ${path} ${body.slice(0, 200)}`).join('\n');
      return changes.until(
        () => requests.find(matches),
        (reason) => `${reason} for a request; seen:\n${seen()}`,
      );
    },
    async close() {
      agent.destroy();
      await peer.close();
    },
  };
}

/** The method in a JSON-RPC body, if it is one message. */
export function rpcMethod(body: string): string | undefined {
  try {
    return (JSON.parse(body) as { method?: string }).method;
  } catch {
    return undefined;
  }
}
