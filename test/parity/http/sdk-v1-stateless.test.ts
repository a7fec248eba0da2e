import { V1_STATELESS } from '../stdio/feature-servers.ts';
import { httpMatrix } from './suite.ts';

httpMatrix(V1_STATELESS);
