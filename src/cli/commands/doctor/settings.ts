/** The check of the variables that the flags name. Pure. */
import type { Flags } from '../../flags/words.ts';
import type { Finding } from './examination.ts';
import { counted } from './next-step.ts';
import type { DoctorSubject } from './subject.ts';

const PLACEHOLDER = /\$\{(?:env:)?([A-Za-z_]\w*)/g;

export function settingsFinding(
  { typed, unset }: Pick<DoctorSubject, 'typed' | 'unset'>,
  platform: NodeJS.Platform,
): Finding {
  const [first] = unset;
  if (first) {
    return {
      mark: 'fail',
      text: `${unset.map(({ variable }) => variable).join(', ')} ${unset.length === 1 ? 'has' : 'have'} no value`,
      details: [
        ...unset.map(({ text, where, isSet }) => `${where} uses ${text}, which is ${isSet ? 'empty' : 'not set'}`),
        'in a host, set it under "env" of the entry',
      ],
      next: {
        say: `Set ${first.variable} in this terminal, then run the doctor again:`,
        command: platform === 'win32' ? `set ${first.variable}=YOUR-VALUE` : `export ${first.variable}='YOUR-VALUE'`,
      },
    };
  }
  const names = variablesIn(typed.flags);
  if (names.length === 0) return { mark: 'ok', text: 'no variables to fill in' };
  return { mark: 'ok', text: `${counted(names.length, 'variable')} set: ${names.join(', ')}` };
}

function variablesIn(flags: Flags): string[] {
  const values = [...flags.all].flatMap(([{ expands }, given]) => (expands ? given.map(String) : []));
  return [...new Set(values.flatMap((value) => [...value.matchAll(PLACEHOLDER)].map(([, name = '']) => name)))];
}
