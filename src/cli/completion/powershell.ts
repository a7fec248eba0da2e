/** Completion for PowerShell, from 5.0 on. */
import { type Completions, type CompletionValue, namesByValue } from './model.ts';

export function powershellScript(completions: Completions): string {
  const { flags, commands } = completions;
  const values = namesByValue(completions).flatMap(([names, value]) => names.map((name) => [name, value] as const));
  const all = flags.flatMap(({ names, help }) => names.map((name) => [name, help] as const));
  return `# Completion of mcp-proxy for PowerShell. In this shell:
# mcp-proxy completion powershell | Out-String | Invoke-Expression

Register-ArgumentCompleter -Native -CommandName mcp-proxy, mcp-proxy.cmd, mcp-proxy.exe, mcp-proxy.ps1 -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    # Each with its explanation.
    $flags = @(
${all.map(([name, help]) => `        ,@(${quoted(name)}, ${quoted(help)})`).join('\n')}
    )
    $commands = @(
${commands.map(({ name, help }) => `        ,@(${quoted(name)}, ${quoted(help)})`).join('\n')}
    )
    $following = @{
${commands
  .filter(({ words }) => words.length > 0)
  .map(({ name, words }) => `        ${quoted(name)} = ${list(words)}`)
  .join('\n')}
    }
    # The flags of a command that has some of its own.
    $own = @{
${commands.flatMap(({ name, flags: own }) => (own ? [`        ${quoted(name)} = ${list(own)}`] : [])).join('\n')}
    }
    # What the value of a flag is: words, or the name of a kind. -h and -H are two flags, so case matters.
    $values = [System.Collections.Generic.Dictionary[string, object]]::new([System.StringComparer]::Ordinal)
${values.map(([name, value]) => `    $values[${quoted(name)}] = ${kindOf(value)}`).join('\n')}

    function Complete-Value($kind, [string] $value, [string] $before) {
        if ($kind -is [array]) {
            foreach ($word in $kind) {
                if ($word.StartsWith($value)) { New-Result ($before + $word) $word 'ParameterValue' $word }
            }
            return
        }
        if ($kind -eq 'at-file') {
            if (-not $value.StartsWith('@')) { return }
            $before += '@'
            $value = $value.Substring(1)
        }
        if ($kind -eq 'text') { return }
        foreach ($file in [System.Management.Automation.CompletionCompleters]::CompleteFilename($value)) {
            if ($kind -eq 'folder' -and $file.ResultType -ne 'ProviderContainer') { continue }
            $path = $before + $file.CompletionText.Trim("'", '"')
            # Outside of quotes, these characters mean something else.
            if ($path -match '[\\s@&()]') { $path = "'" + $path.Replace("'", "''") + "'" }
            New-Result $path $file.ListItemText 'ParameterValue' $file.ToolTip
        }
    }

    function New-Result($text, $item, $type, $tip) {
        [System.Management.Automation.CompletionResult]::new($text, $item, $type, $tip)
    }

    $before = @($commandAst.CommandElements | Select-Object -Skip 1 |
        Where-Object { $_.Extent.EndOffset -lt $cursorPosition } | ForEach-Object { $_.Extent.Text })
    $current = $wordToComplete.Trim("'", '"')
    $positionals = @()
    $flag = $null
    foreach ($word in $before) {
        if ($null -ne $flag) { $flag = $null; continue }
        if ($word -ceq '--') { return }
        if ($values.ContainsKey($word)) { $flag = $word; continue }
        if (-not $word.StartsWith('-')) { $positionals += $word }
    }
    if ($null -ne $flag) { return Complete-Value $values[$flag] $current '' }
    $at = $current.IndexOf('=')
    if ($current.StartsWith('--') -and $at -gt 0) {
        $name = $current.Substring(0, $at)
        if ($values.ContainsKey($name)) {
            return Complete-Value $values[$name] $current.Substring($at + 1) ($name + '=')
        }
        return
    }
    if ($current.StartsWith('-')) {
        $offered = if ($positionals.Count -gt 0) { $own[$positionals[0]] }
        foreach ($each in $flags) {
            if ($null -ne $offered -and $offered -cnotcontains $each[0]) { continue }
            if ($each[0].StartsWith($current)) { New-Result $each[0] $each[0] 'ParameterName' $each[1] }
        }
    }
    elseif ($positionals.Count -eq 0) {
        foreach ($each in $commands) {
            if ($each[0].StartsWith($current)) { New-Result $each[0] $each[0] 'ParameterValue' $each[1] }
        }
    }
    elseif ($positionals.Count -eq 1 -and $following.ContainsKey($positionals[0])) {
        Complete-Value $following[$positionals[0]] $current ''
    }
}
`;
}

function kindOf(value: CompletionValue): string {
  return value.kind === 'words' ? list(value.words) : quoted(value.kind);
}

/** An array, also of one word. */
function list(words: readonly string[]): string {
  return `@(${words.map(quoted).join(', ')})`;
}

/** In single quotes, where PowerShell knows one escape. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
