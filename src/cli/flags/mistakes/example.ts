/** A subcommand as a user types it. */
import { SUBCOMMANDS } from '../options.ts';

const EXAMPLES = new Map([
  ['url', 'https://server.example/mcp'],
  ['file', 'session.jsonl'],
  ['name', 'NAME'],
]);

export function exampleOf(subcommand: string): string {
  const { argument, choices = [] } = SUBCOMMANDS.find(({ name }) => name === subcommand) ?? { argument: '' };
  const filled = argument.replace(/\[?<(\w+)>\]?/g, (_, word: string) => EXAMPLES.get(word) ?? choices[0] ?? word);
  return `mcp-proxy ${subcommand} ${filled}`;
}
