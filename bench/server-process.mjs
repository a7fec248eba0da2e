// The upstream as a process of its own, so that its work is not the driver's.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('upstream.mjs', import.meta.url));

export async function startUpstream() {
  // Over IPC the server learns of the driver's death too, and ends with it.
  const child = fork(program, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'], execArgv: [] });
  const [{ url }] = await once(child, 'message');
  return {
    url,
    /** What arrived before the first `tools/call`, as "METHOD json-rpc-method" lines. */
    async beforeFirstCall() {
      const reply = once(child, 'message');
      child.send('log');
      return (await reply)[0].beforeFirstCall;
    },
    async stop() {
      const exit = once(child, 'exit');
      child.disconnect();
      await exit;
    },
  };
}
