/** The flags of the commands `install` and `uninstall`. */

import type { Option } from './option.ts';
import { checkServerName } from './value-checks.ts';

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
    check: checkServerName,
    only: ['install'],
  },
  { name: 'project', only: BOTH },
  { name: 'yes', only: BOTH },
  { name: 'print', only: BOTH },
  {
    name: 'from',
    value: 'HOST',
    only: ['install'],
  },
];

export const INSTALL_OPTIONS: readonly Option[] = OPTIONS.map((option) => ({
  ...option,
  group: 'install',
}));
