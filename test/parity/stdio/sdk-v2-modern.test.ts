import { V2_MODERN } from './feature-servers.ts';
import { matrix } from './suite.ts';

matrix(V2_MODERN);
