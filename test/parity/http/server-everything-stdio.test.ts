import { EVERYTHING_STDIO } from '../stdio/everything-servers.ts';
import { httpMatrix } from './suite.ts';

httpMatrix(EVERYTHING_STDIO);
