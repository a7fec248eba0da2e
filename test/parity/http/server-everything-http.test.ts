import { EVERYTHING_HTTP } from '../stdio/everything-servers.ts';
import { httpMatrix } from './suite.ts';

httpMatrix(EVERYTHING_HTTP);
