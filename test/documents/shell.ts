// The part of shell syntax that the documents use.

const TOKENS = /#.*|&&|[|;]|\d?>\s*\S+|(?:'[^']*'|"(?:\\.|[^"\\])*"|[^\s'"|;&>])+/g;

/** The commands of a script, each as its words. Variables stay as they are; comments and redirections are left out. */
export function commandsIn(script: string): string[][] {
  return script
    .replace(/\\\n\s*/g, ' ')
    .split('\n')
    .flatMap((line) => {
      const rest = line.replace(TOKENS, '').trim();
      if (rest !== '') throw new Error(`cannot read ${rest} in the shell command: ${line}`);
      const commands: string[][] = [[]];
      for (const [token] of line.matchAll(TOKENS)) {
        if (/^(&&|[|;])$/.test(token)) commands.push([]);
        else if (!/^(#|\d?>)/.test(token)) commands.at(-1)?.push(unquoted(token));
      }
      return commands;
    })
    .filter((words) => words.length > 0);
}

function unquoted(word: string): string {
  return word.replace(
    /'([^']*)'|"((?:\\.|[^"\\])*)"/g,
    (_, single?: string, double = '') => single ?? double.replace(/\\(["\\$`])/g, '$1'),
  );
}
