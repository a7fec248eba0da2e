import { EVERYTHING_STDIO } from './everything-servers.ts';
import { matrix } from './suite.ts';

matrix(EVERYTHING_STDIO);
