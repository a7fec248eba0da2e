/** What the operator must tell clients of HTTP mode: the URL to connect to, and an entry for their configuration. */
import { CLIENT_PATHS } from '../../downstream/http/paths.ts';

export interface ListeningServer {
  /** `http://HOST:PORT`. */
  readonly url: string;
  /** The interfaces that the proxy listens on, in words, when it is more than one address. */
  readonly interfaces: string | undefined;
  /** Whether clients on other machines need the client token. */
  readonly needsToken: boolean;
  /** The name of the server behind the proxy. */
  readonly server: string;
}

/** One line, without the client token. A generated token is shown once, a given one never. */
export function clientLine({ url, interfaces, needsToken, server }: ListeningServer): string {
  const address = `${url}${CLIENT_PATHS.streamable}`;
  const elsewhere = interfaces === undefined ? '' : " (from other machines: this machine's name or address instead)";
  const headers = needsToken ? { headers: { Authorization: 'Bearer CLIENT_TOKEN' } } : {};
  const entry = { mcpServers: { [server]: { type: 'http', url: address, ...headers } } };
  return `clients connect to ${address}${elsewhere}; config entry: ${JSON.stringify(entry)}`;
}
