import { V2_DUAL } from '../matrix/feature-servers.ts';
import { httpMatrix } from './suite.ts';

httpMatrix(V2_DUAL);
