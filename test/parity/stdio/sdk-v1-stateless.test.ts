import { V1_STATELESS } from './feature-servers.ts';
import { matrix } from './suite.ts';

matrix(V1_STATELESS);
