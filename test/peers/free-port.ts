// A port for programs that cannot take any free one, and for redirect URIs that are registered before a program
// listens.
import { randomInt } from 'node:crypto';
import net from 'node:net';

/** Below the ports that systems give to connections and to listeners that take any: nobody else gets it meanwhile. */
const [FIRST, END] = [10_000, 32_000];

export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(FIRST, END);
    const server = net.createServer();
    const isFree = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false));
      server.listen(port, '127.0.0.1', () => resolve(true));
    });
    if (!isFree) continue;
    await new Promise((resolve) => server.close(resolve));
    return port;
  }
}
