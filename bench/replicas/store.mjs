// A redis-server of its own for the replicas that are measured, and what it says about itself.
import net from 'node:net';
import { Program } from '../program.mjs';

export async function startStore() {
  const port = await freePort();
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', '/tmp'];
  const program = new Program({ command: 'redis-server', args, env: { PATH: process.env.PATH } });
  program.stdout.resume();
  await listening(port, program);
  return {
    url: `redis://127.0.0.1:${port}`,
    pid: program.pid,
    /** Bytes that it uses, and commands that it has run. */
    async figures() {
      const text = await ask(port, 'INFO');
      const figure = (name) => Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(text)?.[1]);
      return { bytes: figure('used_memory'), commands: figure('total_commands_processed') };
    },
    stop: () => program.kill(),
  };
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = net.createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

async function listening(port, program) {
  let ended;
  program.ended.then((error) => {
    ended = new Error(`redis-server (Debian: apt-get install redis-server) ${error.message}`);
  });
  for (;;) {
    if (ended) throw ended;
    const answer = await ask(port, 'PING').catch(() => undefined);
    if (answer?.startsWith('+PONG')) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** The answer to one inline command, whole: `QUIT` ends the connection. */
function ask(port, command) {
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = net.connect(port, '127.0.0.1', () => socket.write(`${command}\r\nQUIT\r\n`));
    socket.setEncoding('utf8').on('data', (chunk) => {
      text += chunk;
    });
    socket.once('error', reject).once('close', () => resolve(text));
  });
}
