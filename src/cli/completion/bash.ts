/** Completion for bash, from 3.2 on, which macOS has. The script needs nothing but bash itself. */
import { type Completions, type CompletionValue, namesByValue } from './model.ts';

export function bashScript(completions: Completions): string {
  const { flags, commands } = completions;
  const values = namesByValue(completions);
  const listed = commands.filter(({ words }) => words.length > 0);
  return `# Completion of mcp-proxy for bash. In this shell: eval "$(mcp-proxy completion bash)"

_mcp_proxy() {
  COMPREPLY=()
${WORDS}
  local at=$((\${#words[@]} - 1)) positionals=() skip=0
  for ((i = 1; i < at; i++)); do
    if ((skip)); then
      skip=0
      continue
    fi
    case \${words[i]} in
      --)
        compopt -o default 2>/dev/null
        return 0
        ;;
      ${values.flatMap(([names]) => names).join(' | ')}) skip=1 ;;
      -*) ;;
      *) positionals+=("\${words[i]}") ;;
    esac
  done

  local current=\${words[at]} flag='' value prefix action=()
  value=$current
  if ((skip)); then
    flag=\${words[at - 1]}
  elif [[ $current == --*=* ]]; then
    flag=\${current%%=*}
    value=\${current#*=}
  fi
  prefix=\${current%"$value"}
  case $flag in
${values.map(([names, value]) => `    ${names.join(' | ')})\n${valueCode(value)}\n      ;;`).join('\n')}
    '')
      if [[ $current == -* ]]; then
        case \${positionals[0]} in
${commands.flatMap(({ name, flags: own }) => (own ? [`          ${name}) action=(-W '${own.join(' ')}') ;;`] : [])).join('\n')}
          *) action=(-W '${flags.flatMap(({ names }) => names).join(' ')}') ;;
        esac
      elif ((\${#positionals[@]} == 0)); then
        action=(-W '${commands.map(({ name }) => name).join(' ')}')
      elif ((\${#positionals[@]} == 1)); then
        case \${positionals[0]} in
${listed.map(({ name, words }) => `          ${name}) action=(-W '${words.join(' ')}') ;;`).join('\n')}
        esac
      fi
      ;;
  esac
  ((\${#action[@]})) || return 0

  # Bash replaces only the end of the word, which it passes in $2.
  local kept=\${current%"$2"}
  while IFS= read -r word; do
    if [[ $prefix == *@ ]]; then
      # With -o filenames, bash would quote the @ too.
      [[ -d $word ]] && word+=/ && compopt -o nospace 2>/dev/null
      printf -v word %q "$word"
    fi
    word=$prefix$word
    COMPREPLY+=("\${word#"$kept"}")
  done < <(compgen "\${action[@]}" -- "$value")
}

complete -F _mcp_proxy mcp-proxy
`;
}

/** Puts together in `words` what bash takes apart at characters such as `=` and `@`. */
const WORDS = `  local rest=$COMP_LINE words=() word last i
  for ((i = 0; i <= COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    last=$((\${#words[@]} - 1))
    if ((i > 0)) && [[ $word == '=' || \${words[last]} == --*= || (-n $rest && $rest != [[:space:]]*) ]]; then
      words[last]+=$word
    else
      words+=("$word")
    fi
    rest=\${rest#"\${rest%%[![:space:]]*}"}
    rest=\${rest#"$word"}
  done
`;

function valueCode(value: CompletionValue): string {
  switch (value.kind) {
    case 'words':
      return `      action=(-W '${value.words.join(' ')}')`;
    case 'file':
    case 'folder':
      return `      compopt -o filenames 2>/dev/null
      action=(${value.kind === 'file' ? '-f' : '-d'})`;
    case 'at-file':
      return `      if [[ $value == @* ]]; then
        action=(-f)
        prefix+=@
        value=\${value#@}
      elif [[ -z $value ]]; then
        compopt -o nospace 2>/dev/null
        action=(-W @)
      fi`;
    case 'text':
      return '      :';
  }
}
