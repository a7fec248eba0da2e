import { V1_STATELESS } from '../matrix/feature-servers.ts';
import { httpMatrix } from './suite.ts';

httpMatrix(V1_STATELESS);
