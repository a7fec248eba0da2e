/** How to install a package where this program finds it, which depends on how the program itself was started. */
import { existsSync } from 'node:fs';

const OWN = '@mikluko/mcp-proxy';

export interface Started {
  /** A file of the program, as it was loaded. */
  readonly file: string;
  /** Whether the program is a single executable, which loads no packages. */
  readonly executable: boolean;
}

/** What to type, as a hint. @param isFile whether there is a file of that name */
export function installHint(name: string, { file, executable }: Started, isFile = existsSync): string {
  if (executable)
    return `a single executable cannot load packages: npm install -g ${OWN} ${name}, or --credential-store file`;
  const at = file.replaceAll('\\', '/');
  // Both are temporary folders, into which nothing can be installed but from the command that makes them.
  if (at.includes('/_npx/')) return `npx -y -p ${OWN} -p ${name} mcp-proxy URL --credential-store keychain`;
  if (/\/pnpm\/dlx\/|\/dlx-/.test(at))
    return `pnpm --package=${OWN} --package=${name} dlx mcp-proxy URL --credential-store keychain`;
  if (at.includes('/pnpm/global/')) return `pnpm add -g ${name}`;
  const [above, below] = at.split('/node_modules/');
  if (below === undefined)
    return `npm install --no-save --prefix ${quoted(at.replace(/\/(?:dist|src)\/.*$/, ''))} ${name}`;
  // Global packages are in a folder that is not a package itself.
  return isFile(`${above}/package.json`)
    ? `npm install --prefix ${quoted(above ?? '')} ${name}`
    : `npm install -g ${name}`;
}

function quoted(folder: string): string {
  return /^[\w./:@+-]+$/.test(folder) ? folder : JSON.stringify(folder);
}
