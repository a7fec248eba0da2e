/** Completion for zsh, with its own `_arguments`. Works as an autoloaded file `_mcp-proxy` and sourced. */
import { type Completions, type CompletionValue, type Flag, flagsByAbsence, namesByValue, quoted } from './model.ts';

export function zshScript(completions: Completions): string {
  const { commands } = completions;
  const values = namesByValue(completions).flatMap(([names]) => names);
  const described = commands.map(({ name, help }) => quoted(`${name.replaceAll(':', '\\:')}:${help}`));
  const listed = commands.filter(({ words }) => words.length > 0);
  return `#compdef mcp-proxy
# Completion of mcp-proxy for zsh. In this shell: source <(mcp-proxy completion zsh)

_mcp_proxy_at_file() {
  if compset -P @; then
    _files
  else
    compadd -S '' -- @
  fi
}

_mcp_proxy_first() {
  local -a commands=(
${described.map((word) => `    ${word}`).join('\n')}
  )
  _describe -t commands command commands
}

_mcp_proxy_second() {
  case $line[1] in
${listed.map(({ name, words }) => `    ${name}) compadd -- ${words.join(' ')} ;;`).join('\n')}
    *) _message 'no more arguments' ;;
  esac
}

_mcp-proxy() {
  local curcontext=$curcontext state word command skip=0
  local -a line specifications
  for word in "\${(@)words[2,CURRENT-1]}"; do
    if (( skip )); then
      skip=0
      continue
    fi
    case $word in
      --)
        _files
        return
        ;;
      ${values.join(' | ')}) skip=1 ;;
      -*) ;;
      *) command=\${command:-$word} ;;
    esac
  done
${flagsByAbsence(completions)
  .map(([without, flags]) => {
    const condition = without.length === 0 ? '' : `[[ $command != (${without.join('|')}) ]] && `;
    return `  ${condition}specifications+=(\n${flags.map((flag) => `    ${specification(flag)}`).join('\n')}\n  )`;
  })
  .join('\n')}
  _arguments -S $specifications '1: :_mcp_proxy_first' '2: :_mcp_proxy_second'
}

if [[ $funcstack[1] == _mcp-proxy ]]; then
  _mcp-proxy "$@"
else
  compdef _mcp-proxy mcp-proxy
fi
`;
}

/** One argument of `_arguments`, or several with the same explanation, by the braces of zsh. */
function specification({ names, help, repeatable, value }: Flag): string {
  const explained = `[${help.replace(/[[\]\\]/g, '\\$&')}]`;
  const taken = value === undefined ? '' : `:value:${action(value)}`;
  // A long flag takes its value after = as well.
  const spelled = names.map((name) => (value !== undefined && name.startsWith('--') ? `${name}=` : name));
  const before = repeatable ? '*' : `(${names.join(' ')})`;
  const each = spelled.length === 1 ? quoted(spelled[0] as string) : `{${spelled.map(quoted).join(',')}}`;
  return `${quoted(before)}${each}${quoted(explained + taken)}`;
}

function action(value: CompletionValue): string {
  switch (value.kind) {
    case 'words':
      return `(${value.words.join(' ')})`;
    case 'file':
      return '_files';
    case 'folder':
      return '_files -/';
    case 'at-file':
      return '_mcp_proxy_at_file';
    case 'text':
      return ' ';
  }
}
