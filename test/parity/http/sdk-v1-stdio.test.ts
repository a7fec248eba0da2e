import { V1_STDIO } from '../stdio/feature-servers.ts';
import { httpMatrix } from './suite.ts';

httpMatrix(V1_STDIO);
