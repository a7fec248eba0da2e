import { EVERYTHING_SSE } from '../stdio/everything-servers.ts';
import { httpMatrix } from './suite.ts';

httpMatrix(EVERYTHING_SSE);
