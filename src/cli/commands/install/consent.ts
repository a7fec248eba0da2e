/** Asks the user of a terminal. */
import { createInterface } from 'node:readline';
import { usageError } from '../../flags/usage-error.ts';

/** Whether the user agrees. Throws a usage error where there is nobody to ask. */
export async function agree(question: string, { yes }: { readonly yes: boolean }): Promise<boolean> {
  if (yes) return true;
  if (!process.stdin.isTTY || !process.stderr.isTTY) {
    throw usageError(
      `nothing was written: there is no terminal to ask on (${question})`,
      'add --yes to write without asking',
    );
  }
  process.stderr.write(`${question} [y/N] `);
  // Without an output: the terminal itself lets the user edit the line, and turns Ctrl-C into a signal.
  const lines = createInterface({ input: process.stdin });
  try {
    const answer = await new Promise<string>((resolve) => {
      lines.on('close', () => resolve(''));
      lines.once('line', resolve);
    });
    return /^y(?:es)?$/i.test(answer.trim());
  } finally {
    lines.close();
  }
}
