// What lock-child.mjs uses of the program.
export { ProcessLock } from '../../../src/platform/process-lock.ts';
export { fileStore } from '../../../src/state/files/secrets.ts';
