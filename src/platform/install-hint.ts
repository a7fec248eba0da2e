/** How to install a package where this program can find it. That depends on how the program itself was started. */
import { existsSync } from 'node:fs';

const OWN = '@mikluko/mcp-proxy';

export interface Started {
  /** The path from which a file of the program was loaded. */
  readonly file: string;
  /** Whether the program is a single executable, which cannot load packages. */
  readonly executable: boolean;
}

/** The command to type. @param isFile whether a file of that name exists */
export function installHint(name: string, { file, executable }: Started, isFile = existsSync): string {
  if (executable)
    return `a single executable cannot load packages: npm install -g ${OWN} ${name}, or --credential-store file`;
  const at = file.replaceAll('\\', '/');
  // Both folders are temporary: only the command that creates them can install into them.
  if (at.includes('/_npx/')) return `npx -y -p ${OWN} -p ${name} mcp-proxy URL --credential-store keychain`;
  if (/\/pnpm\/dlx\/|\/dlx-/.test(at))
    return `pnpm --package=${OWN} --package=${name} dlx mcp-proxy URL --credential-store keychain`;
  if (at.includes('/pnpm/global/')) return `pnpm add -g ${name}`;
  const [above, below] = at.split('/node_modules/');
  if (below === undefined)
    return `npm install --no-save --prefix ${quoted(at.replace(/\/(?:dist|src)\/.*$/, ''))} ${name}`;
  // The folder of global packages is not a package itself.
  return isFile(`${above}/package.json`)
    ? `npm install --prefix ${quoted(above ?? '')} ${name}`
    : `npm install -g ${name}`;
}

function quoted(folder: string): string {
  return /^[\w./:@+-]+$/.test(folder) ? folder : JSON.stringify(folder);
}
