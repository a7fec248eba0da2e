import { EVERYTHING_HTTP } from '../matrix/everything-servers.ts';
import { httpMatrix } from './suite.ts';

httpMatrix(EVERYTHING_HTTP);
