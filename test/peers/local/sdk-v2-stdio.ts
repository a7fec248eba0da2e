// SDK v2 on standard input and output, for the revision 2026-07-28 alone; runs in a process of its own, from a bundle.
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import { buildServerV2 } from '../sdk-v2.ts';
import { bareStdout } from './bare-stdout.ts';

bareStdout();
serveStdio(({ era }) => buildServerV2(era), { legacy: 'reject' });
