/** What clients of HTTP mode need to be told: the URL to connect to, and an entry for their configuration. */

export interface Served {
  /** `http://HOST:PORT`. */
  readonly url: string;
  /** What is bound beyond one address, in words. */
  readonly interfaces: string | undefined;
  /** Whether clients on other machines need the client token. */
  readonly needsToken: boolean;
  /** The server behind. */
  readonly server: URL;
}

/** One line. The token itself is not in it: that is shown once where it was made, and never where it was given. */
export function clientLine({ url, interfaces, needsToken, server }: Served): string {
  const elsewhere = interfaces === undefined ? '' : " (from other machines: this machine's name or address instead)";
  const headers = needsToken ? { headers: { Authorization: 'Bearer CLIENT_TOKEN' } } : {};
  const entry = { mcpServers: { [nameOf(server)]: { type: 'http', url: `${url}/mcp`, ...headers } } };
  return `clients connect to ${url}/mcp${elsewhere}; config entry: ${JSON.stringify(entry)}`;
}

/** The host of the server in the characters that every client takes for a name. */
function nameOf({ hostname }: URL): string {
  return hostname.replace(/[^a-z0-9]+/gi, '-').replace(/^-|-$/g, '');
}
