import { V2_STDIO } from './feature-servers.ts';
import { matrix } from './suite.ts';

matrix(V2_STDIO);
