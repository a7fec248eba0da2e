/** Completion for fish, from 3.0 on. */
import { type Completions, type Flag, flagsByAbsence, namesByValue } from './model.ts';

export function fishScript(completions: Completions): string {
  const { commands } = completions;
  const withValue = namesByValue(completions).flatMap(([names]) => names);
  return `# Completion of mcp-proxy for fish. In this shell: mcp-proxy completion fish | source

# The arguments before the cursor that are neither flags nor their values, up to the command of a local server.
function __mcp_proxy_positionals
    set -l skip 0
    for word in (commandline -opc)[2..-1]
        if test $skip = 1
            set skip 0
            continue
        end
        switch $word
            case --
                printf '%s\\n' --
                return
            case ${withValue.join(' ')}
                set skip 1
            case '-*'
            case '*'
                printf '%s\\n' $word
        end
    end
end

function __mcp_proxy_needs_command
    test (count (__mcp_proxy_positionals)) = 0
end

function __mcp_proxy_follows
    set -l words (__mcp_proxy_positionals)
    test (count $words) = 1; and test $words[1] = $argv[1]
end

function __mcp_proxy_command_is
    set -l words (__mcp_proxy_positionals)
    contains -- "$words[1]" $argv
end

function __mcp_proxy_is_local
    contains -- -- (__mcp_proxy_positionals)
end

function __mcp_proxy_at_files
    set -l value (string replace -r -- '^--[a-z-]+=' '' (commandline -ct))
    if string match -q -- '@*' $value
        for file in (__fish_complete_path (string sub -s 2 -- $value))
            printf '@%s\\n' $file
        end
    else
        printf '@\\n'
    end
end

complete -c mcp-proxy -f
complete -c mcp-proxy -n __mcp_proxy_is_local -F
${commands.map(({ name, help }) => `complete -c mcp-proxy -n __mcp_proxy_needs_command -a ${name} -d ${fishQuoted(help)}`).join('\n')}
${commands
  .filter(({ words }) => words.length > 0)
  .map(({ name, words }) => `complete -c mcp-proxy -n '__mcp_proxy_follows ${name}' -a '${words.join(' ')}'`)
  .join('\n')}
${flagsByAbsence(completions)
  .flatMap(([without, flags]) => flags.map((flag) => flagLine(flag, without)))
  .join('\n')}
`;
}

function flagLine({ names, help, value }: Flag, without: readonly string[]): string {
  const condition = without.length === 0 ? '' : ` -n 'not __mcp_proxy_command_is ${without.join(' ')}'`;
  const spelled = names.map((name) => (name.startsWith('--') ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`));
  return `complete -c mcp-proxy${condition} ${spelled.join(' ')}${kindOf(value)} -d ${fishQuoted(help)}`;
}

function kindOf(value: Flag['value']): string {
  switch (value?.kind) {
    case undefined:
      return '';
    case 'words':
      return ` -x -a '${value.words.join(' ')}'`;
    case 'file':
      return ' -r -F';
    case 'folder':
      return " -x -a '(__fish_complete_directories)'";
    case 'at-file':
      return " -x -a '(__mcp_proxy_at_files)'";
    case 'text':
      return ' -x';
  }
}

/** In single quotes, where fish knows two escapes. */
function fishQuoted(text: string): string {
  return `'${text.replace(/['\\]/g, '\\$&')}'`;
}
