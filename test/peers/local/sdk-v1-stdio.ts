// SDK v1 on standard input and output; runs in a process of its own, from a bundle.
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { buildServerV1 } from '../sdk-v1.ts';
import { bareStdout } from './bare-stdout.ts';

bareStdout();
await buildServerV1(Promise.resolve()).connect(new StdioServerTransport());
