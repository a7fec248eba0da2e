// Counts the tokens of a text, with the vocabulary o200k of OpenAI's models. Other models have others.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const folder = fileURLToPath(new URL('tokenizer', import.meta.url));

/** Installs the tokenizer, once. @returns {Promise<(text: string) => number>} */
export async function tokenCounter() {
  const file = path.join(folder, 'node_modules', 'gpt-tokenizer', 'esm', 'encoding', 'o200k_base.js');
  if (!existsSync(file)) {
    process.stderr.write('installing a tokenizer into bench/tool-search/tokenizer (once)\n');
    const windows = process.platform === 'win32';
    const args = ['ci', '--prefix', folder, '--ignore-scripts', '--no-audit', '--no-fund'];
    execFileSync(windows ? 'npm.cmd' : 'npm', args, { stdio: ['ignore', 2, 2], shell: windows });
  }
  const { countTokens } = await import(pathToFileURL(file).href);
  return countTokens;
}
