import { V1_STATEFUL } from './feature-servers.ts';
import { matrix } from './suite.ts';

matrix(V1_STATEFUL);
