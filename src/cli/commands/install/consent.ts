/** Asks the user of a terminal. */
import { createInterface } from 'node:readline';
import { usageError } from '../../flags/usage-error.ts';

/** Whether the user agrees. Throws a usage error where there is nobody to ask. */
export async function agree(question: string, { yes }: { readonly yes: boolean }): Promise<boolean> {
  if (yes) return true;
  if (!process.stdin.isTTY || !process.stderr.isTTY) {
    throw usageError('nothing was written: there is no terminal to ask on', 'add --yes to write without asking');
  }
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await new Promise<string>((resolve) => {
      lines.on('close', () => resolve(''));
      lines.on('SIGINT', () => process.kill(process.pid, 'SIGINT'));
      lines.question(`${question} [y/N] `, resolve);
    });
    return /^y(?:es)?$/i.test(answer.trim());
  } finally {
    lines.close();
  }
}
