/** Names programs after what they run. Pure. */
import { nameOf, type StdioServer } from '../../config.ts';

/** Programs that run another one, which their arguments name. */
const LAUNCHERS = /^(?:npx|bunx|pnpx|uvx|pipx|node|deno|bun|python3?|npm|uv)$/;
/** Words between a launcher and what it runs. */
const VERBS = /^(?:-.*|run|exec|x|dlx)$/;
/** Names that say nothing about a program; the folder around them does. */
const GENERIC = /^(?:index|main|server|cli|start|dist|build|src|lib|bin)$/;

/** The program that a command runs, in characters that clients, paths and metrics accept in a name. */
export function programName({ command, args }: Pick<StdioServer, 'command' | 'args'>): string {
  const [program = ''] = namesIn(command);
  // The value of a flag may be taken for the program, which only makes the name odd.
  const run = LAUNCHERS.test(program) ? args.find((arg) => !VERBS.test(arg)) : undefined;
  const names = namesIn((run ?? command).replace(/(?<=.)@[^@/]*$/, ''));
  return nameOf(names.find((name) => !GENERIC.test(name)) ?? program);
}

/** The parts of a path, the last one first, without the suffix of a program. */
function namesIn(path: string): string[] {
  const name = path.toLowerCase().replace(/\.(?:exe|cmd|bat|[cm]?js|ts|py|sh)$/, '');
  return name
    .split(/[\\/]/)
    .filter((part) => /[a-z0-9]/.test(part))
    .reverse();
}
