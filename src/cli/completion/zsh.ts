/** Completion for zsh, with its own `_arguments`. Works as an autoloaded file `_mcp-proxy` and sourced. */
import { type Completions, type Flag, quoted, type Value } from './model.ts';

export function zshScript({ flags, commands }: Completions): string {
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
  local curcontext=$curcontext state
  local -a line
  _arguments -S \\
${flags.map((flag) => `    ${specification(flag)} \\`).join('\n')}
    '1: :_mcp_proxy_first' \\
    '2: :_mcp_proxy_second'
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

function action(value: Value): string {
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
