// The man page and the completions of the shells, where systems look for them.
import path from 'node:path';
import { capture, root } from '../run.mjs';
import { entryOf } from './archive.mjs';

const COMPLETIONS = {
  bash: 'share/bash-completion/completions/mcp-proxy',
  zsh: 'share/zsh/site-functions/_mcp-proxy',
  fish: 'share/fish/vendor_completions.d/mcp-proxy.fish',
};

/**
 * Asks the built program for its completions.
 * @returns {Promise<import('./archive.mjs').Entry[]>} with names that begin with `share/`
 */
export async function sharedFiles() {
  const program = path.join(root, 'bin', 'mcp-proxy.js');
  const completions = Object.entries(COMPLETIONS).map(async ([shell, name]) => {
    const { code, output } = await capture([process.execPath, program, 'completion', shell]);
    if (code !== 0) throw new Error(`mcp-proxy completion ${shell} failed:\n${output.trimEnd()}`);
    return { name, content: Buffer.from(output) };
  });
  const page = entryOf(path.join(root, 'man', 'mcp-proxy.1'), 'share/man/man1/mcp-proxy.1');
  return [page, ...(await Promise.all(completions))];
}
