/** The flags of the policy, a part of the table in `options.ts`. */
import type { Option } from '../option.ts';
import { checkBytes, checkNotEmpty, checkRename } from '../value-checks.ts';

const PATTERN = { value: 'PATTERN', repeatable: true, check: checkNotEmpty } as const;

const OPTIONS: readonly Omit<Option, 'group'>[] = [
  { name: 'ignore-tool', ...PATTERN },
  { name: 'only-tool', ...PATTERN },
  { name: 'read-only' },
  { name: 'ignore-prompt', ...PATTERN },
  { name: 'only-prompt', ...PATTERN },
  { name: 'ignore-resource', ...PATTERN },
  { name: 'only-resource', ...PATTERN },
  { name: 'rename-tool', value: 'OLD=NEW', repeatable: true, check: checkRename },
  { name: 'confirm', ...PATTERN },
  { name: 'pin-tools' },
  { name: 'tool-search' },
  { name: 'always-tool', ...PATTERN },
  { name: 'max-result', value: 'BYTES', check: checkBytes },
];

export const POLICY_OPTIONS: readonly Option[] = OPTIONS.map((option) => ({ ...option, group: 'policy' }));
