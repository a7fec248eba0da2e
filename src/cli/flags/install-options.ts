/** The flags of the commands `install` and `uninstall`. */
import { checkServerName } from './checks.ts';
import type { Option } from './option.ts';

/** The words for the hosts of `hosts/table.ts`, which a start does not load. */
export const HOST_IDS = [
  'claude-code',
  'claude-desktop',
  'cursor',
  'windsurf',
  'vscode',
  'codex',
  'gemini',
  'zed',
  'junie',
  'opencode',
  'cline',
] as const;

const BOTH = ['install', 'uninstall'] as const;

const OPTIONS: readonly Option[] = [
  {
    name: 'name',
    value: 'NAME',
    default: 'from the URL',
    help: 'name of the server in the host',
    check: checkServerName,
    only: ['install'],
  },
  { name: 'project', help: "use the configuration of the project in this folder, not the user's", only: BOTH },
  { name: 'yes', help: 'write without asking', only: BOTH },
  { name: 'print', help: 'show what to write, and write nothing', only: BOTH },
  {
    name: 'from',
    value: 'HOST',
    help: 'take the server that this host has: install <host> --from HOST NAME',
    only: ['install'],
  },
];

export const INSTALL_OPTIONS: readonly Option[] = OPTIONS.map((option) => ({
  ...option,
  group: 'install',
  rare: true,
}));
