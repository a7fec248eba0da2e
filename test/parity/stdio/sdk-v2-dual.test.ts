import { V2_DUAL } from './feature-servers.ts';
import { matrix } from './suite.ts';

matrix(V2_DUAL);
