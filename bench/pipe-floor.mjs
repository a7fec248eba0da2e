// The floor of local servers: the least a program between a stdio client and a stdio server can do. It starts the
// server and pipes bytes both ways, and knows nothing of what they hold.
import { spawn } from 'node:child_process';

const [command, ...args] = process.argv.slice(2);
const server = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
process.stdin.pipe(server.stdin);
server.stdout.pipe(process.stdout);
server.once('exit', () => process.exit());
