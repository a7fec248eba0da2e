import { asksForToken } from './cells.ts';
import { startRemote } from './http-servers.ts';
import { matrixTests } from './matrix.ts';

matrixTests('streamable', startRemote, (cell) => !asksForToken(cell));
