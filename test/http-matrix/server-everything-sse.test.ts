import { EVERYTHING_SSE } from '../matrix/everything-servers.ts';
import { httpMatrix } from './suite.ts';

httpMatrix(EVERYTHING_SSE);
