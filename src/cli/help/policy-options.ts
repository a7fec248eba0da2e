/** What people read about the flags of the policy. */
import type { Description } from './description.ts';

export const POLICY_DESCRIPTIONS: Readonly<Record<string, Description>> = {
  'ignore-tool': { help: 'hide and block tools; * matches anything' },
  'only-tool': { help: 'hide and block all tools but these', rare: true },
  'read-only': { help: 'hide and block tools that do not say readOnlyHint: true', rare: true },
  'ignore-prompt': { help: 'hide and block prompts', rare: true },
  'only-prompt': { help: 'hide and block all prompts but these', rare: true },
  'ignore-resource': { help: 'hide and block resources, by URI', rare: true },
  'only-resource': { help: 'hide and block all resources but these, by URI', rare: true },
  confirm: { help: 'ask the user before each call of these tools', rare: true },
  'pin-tools': { help: 'hide tools that change after they were first seen', rare: true },
  'tool-search': { help: 'show two tools, to find and to call the others', rare: true },
  'always-tool': { help: 'with --tool-search: show these tools too', rare: true },
  'max-result': { help: 'cut larger text results; the whole is a resource', rare: true },
  'rename-tool': { help: 'give a tool another name', rare: true },
};
