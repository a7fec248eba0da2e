import { EVERYTHING_HTTP } from './everything-servers.ts';
import { matrix } from './suite.ts';

matrix(EVERYTHING_HTTP);
