import { V2_DUAL } from '../stdio/feature-servers.ts';
import { httpMatrix } from './suite.ts';

httpMatrix(V2_DUAL);
