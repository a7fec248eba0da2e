// How the host reaches the server: through the proxy on stdio, or straight over HTTP for the reference run.
import fs from 'node:fs';
import path from 'node:path';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { proxyEnvironment } from './environment.mjs';

// The SDK probes server/discover on a second, disposable process when the transport is exactly its own class, and
// in place on the running process when it is a subclass. Hosts of both kinds exist.
class InPlaceStdio extends StdioClientTransport {}

/** Writes every message that crosses to wire.jsonl: milliseconds, direction, message. */
function recorded(transport, folder) {
  const started = Date.now();
  const write = (arrow, message) =>
    fs.appendFileSync(path.join(folder, 'wire.jsonl'), `${Date.now() - started} ${arrow} ${JSON.stringify(message)}\n`);
  const send = transport.send.bind(transport);
  transport.send = (message, ...rest) => {
    write('>', message);
    return send(message, ...rest);
  };
  let handler;
  Object.defineProperty(transport, 'onmessage', {
    configurable: true,
    get: () =>
      handler &&
      ((message, ...rest) => {
        write('<', message);
        handler(message, ...rest);
      }),
    set: (next) => {
      handler = next;
    },
  });
  return transport;
}

export function openTransport({ command, flags, url, inner, folder, browserDelay, log }) {
  if (!command) return recorded(new StreamableHTTPClientTransport(new URL(url)), folder);
  const [program, ...args] = [...command.map((word) => word.replaceAll('{URL}', url)), ...flags];
  log('proxy:', [program, ...args]);
  const Stdio = inner === 'sibling' ? StdioClientTransport : InPlaceStdio;
  const env = proxyEnvironment(folder, browserDelay);
  const transport = new Stdio({ command: program, args, env, stderr: 'pipe' });
  transport.stderr.on('data', (text) => fs.appendFileSync(path.join(folder, 'proxy.stderr'), text));
  return recorded(transport, folder);
}
