import { startRemote } from './http-servers.ts';
import { matrixTests } from './matrix.ts';

matrixTests('stateless', startRemote);
