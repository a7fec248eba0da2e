import { V1_STDIO } from './feature-servers.ts';
import { matrix } from './suite.ts';

matrix(V1_STDIO);
