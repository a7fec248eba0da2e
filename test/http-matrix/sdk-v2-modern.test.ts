import { V2_MODERN } from '../matrix/feature-servers.ts';
import { httpMatrix } from './suite.ts';

httpMatrix(V2_MODERN);
