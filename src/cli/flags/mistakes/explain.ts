/** From a mistake in the arguments to what is wrong and what to type. Pure, and loaded on demand. */
import type { ProxyError } from '../../../errors.ts';
import type { Mistake, UnexplainedMistake } from '../usage-error.ts';
import { explainCommand } from './command.ts';
import { explainConfig } from './config-files.ts';
import { explainFile } from './files.ts';
import { explainHeader, explainHeaderValue } from './headers.ts';
import { explainLocal, explainOtherServer } from './local-servers.ts';
import { explainNoValue, explainPlaceholder, explainShellVariable, explainUnexpanded } from './placeholders.ts';
import { explainSurplus } from './surplus.ts';
import { explainChoice, explainFlag, explainForeign, explainValueless } from './unknown-flags.ts';
import { explainUrl } from './url.ts';

/** The same error with its message and its hint. */
export function explain({ mistake }: UnexplainedMistake): ProxyError {
  return explainForeign(mistake) ?? explainOwn(mistake);
}

/** What there is to say without a look at other programs. */
export function explainOwn(mistake: Mistake): ProxyError {
  switch (mistake.kind) {
    case 'url':
      return explainUrl(mistake.given);
    case 'command':
      return explainCommand(mistake.words);
    case 'local':
      return explainLocal(mistake);
    case 'config':
      return explainConfig(mistake);
    case 'other-server':
      return explainOtherServer(mistake);
    case 'surplus':
      return explainSurplus(mistake);
    case 'flag':
      return explainFlag(mistake.flag);
    case 'valueless':
      return explainValueless(mistake.name);
    case 'choice':
      return explainChoice(mistake);
    case 'unexpanded':
      return explainUnexpanded(mistake.text, mistake.where);
    case 'shell-variable':
      return explainShellVariable(mistake);
    case 'placeholder':
      return explainPlaceholder(mistake);
    case 'no-value':
      return explainNoValue(mistake);
    case 'header':
      return explainHeader(mistake.text, mistake.name);
    case 'header-value':
      return explainHeaderValue(mistake.name, mistake.value);
    case 'file':
      return explainFile(mistake);
  }
}
