import { startLocal } from './local-servers.ts';
import { matrixTests } from './matrix.ts';

matrixTests('modern stdio', startLocal);
