// Lets an SDK server on stdio send integers that JavaScript cannot hold; see ../big-integers.ts.
import { MARKED } from '../big-integers.ts';

export function bareStdout(): void {
  const write = process.stdout.write.bind(process.stdout) as (...args: unknown[]) => boolean;
  process.stdout.write = (chunk: unknown, ...rest: unknown[]) =>
    write(typeof chunk === 'string' ? chunk.replace(MARKED, '$1') : chunk, ...rest);
}
