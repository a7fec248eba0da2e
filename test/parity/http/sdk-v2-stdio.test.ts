import { V2_STDIO } from '../stdio/feature-servers.ts';
import { httpMatrix } from './suite.ts';

httpMatrix(V2_STDIO);
