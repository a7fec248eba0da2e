// Serves the pages as the program does, each at its name.
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { STATUS_HEADERS } from '../../src/downstream/http/operator/status/document.ts';
import { PAGE_HEADERS } from '../../src/platform/page.ts';
import { PAGES } from './pages.ts';
import { STATUS_PAGES } from './status-pages.ts';
import { TERMINALS } from './terminals.ts';

export interface PageServer {
  /** The URL of a page. */
  readonly url: (page: string) => string;
  close(): void;
}

export async function servePages(): Promise<PageServer> {
  const server = http.createServer((request, response) => {
    const name = decodeURIComponent((request.url ?? '').slice(1));
    // Nothing changes while the picture is taken.
    if (name === 'status/events') {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
      return;
    }
    const html = TERMINALS.get(name)?.html ?? STATUS_PAGES.get(name) ?? PAGES.get(name);
    const headers = STATUS_PAGES.has(name) ? STATUS_HEADERS : PAGES.has(name) ? PAGE_HEADERS : {};
    response.writeHead(html === undefined ? 404 : 200, { ...headers, 'content-type': 'text/html; charset=utf-8' });
    response.end(html);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: (page) => `${origin}/${encodeURIComponent(page)}`,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
