import { V2_MODERN } from '../stdio/feature-servers.ts';
import { httpMatrix } from './suite.ts';

httpMatrix(V2_MODERN);
