/** What clients may do, from the flags. Pure. */
import type { HttpServerOptions, Policy } from '../../../config.ts';
import { usageError } from '../usage-error.ts';
import type { Flags } from '../words.ts';

/** Throws a usage error for names that cannot be told apart. */
export function readPolicy(flags: Flags): Pick<HttpServerOptions, 'ignoreTools' | 'policy'> {
  const maxResult = flags.text('max-result');
  const all: Required<Omit<Policy, 'maxResult'>> = {
    onlyTools: flags.texts('only-tool'),
    ignorePrompts: flags.texts('ignore-prompt'),
    onlyPrompts: flags.texts('only-prompt'),
    ignoreResources: flags.texts('ignore-resource'),
    onlyResources: flags.texts('only-resource'),
    readOnly: flags.has('read-only'),
    renameTools: flags.texts('rename-tool').map(readRename),
    confirm: flags.texts('confirm'),
    pinTools: flags.has('pin-tools'),
    toolSearch: flags.has('tool-search'),
    alwaysTools: flags.texts('always-tool'),
  };
  if (all.alwaysTools.length > 0 && !all.toolSearch) {
    throw usageError('--always-tool needs --tool-search', 'add --tool-search, or leave --always-tool out');
  }
  refuseTwice(all.renameTools);
  // What nobody asked for is left out, so that a server without a policy loads none.
  const given: [string, unknown][] = Object.entries(all).filter(([, value]) =>
    Array.isArray(value) ? value.length > 0 : value === true,
  );
  if (maxResult !== undefined) given.push(['maxResult', Number(maxResult)]);
  const policy: Policy | undefined = given.length > 0 ? Object.fromEntries(given) : undefined;
  return { ignoreTools: flags.texts('ignore-tool'), ...(policy && { policy }) };
}

/** The first `=` ends the old name. */
function readRename(text: string): readonly [from: string, to: string] {
  const at = text.indexOf('=');
  return [text.slice(0, at), text.slice(at + 1)];
}

function refuseTwice(renames: Required<Policy>['renameTools']): void {
  for (const side of [0, 1] as const) {
    const names = renames.map((pair) => pair[side]);
    const twice = names.find((name, i) => names.indexOf(name) !== i);
    if (twice === undefined) continue;
    throw usageError(
      `--rename-tool ${side === 0 ? 'renames' : 'gives two tools the name'} ${JSON.stringify(twice)}${side === 0 ? ' twice' : ''}`,
      'give each tool one name of its own',
    );
  }
}
