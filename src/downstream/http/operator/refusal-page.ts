/** The page for a request of a browser that the proxy refuses. */
import { documentOf, escaped, paragraph } from '../../../platform/page.ts';

/** HTML. */
export function refusalPage(status: number, message: string): string {
  const content = [
    paragraph(`mcp-proxy answers with HTTP status ${status}:`),
    `<blockquote>${escaped(message)}</blockquote>`,
    paragraph('MCP clients connect to /mcp here, and those of HTTP+SSE to /sse.'),
  ];
  const title = REFUSALS.get(status) ?? 'This page is not served';
  return documentOf({ title, mark: '–', tone: 'plain', content });
}

const REFUSALS: ReadonlyMap<number, string> = new Map([
  [401, 'A client token is needed'],
  [403, 'This address is not allowed'],
  [404, 'Not found'],
  [503, 'The proxy is shutting down'],
]);
