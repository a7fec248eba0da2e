import { EVERYTHING_SSE } from './everything-servers.ts';
import { matrix } from './suite.ts';

matrix(EVERYTHING_SSE);
