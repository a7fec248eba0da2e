import { V2_STDIO } from '../stdio/feature-servers.ts';
import { httpMatrix } from './suite.ts';

// Over HTTP, headers must mirror the arguments of this tool, and the client learns that from a first error; a client on
// stdio has no headers. The conformance suite holds the proxy to this.
httpMatrix(V2_STDIO, { behaviours: ({ name }) => !name.startsWith('arguments mirrored into headers') });
