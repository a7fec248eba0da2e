/** Words as a shell reads them: quotes and nothing else; NAME=value in front is environment. */
export function words(command: string): { env: Record<string, string>; args: string[] } {
  const all = [...command.matchAll(/(?:[^\s'"]|'[^']*'|"[^"]*")+/g)].map(([word]) =>
    word.replace(/'([^']*)'|"([^"]*)"/g, (_, single?: string, double?: string) => single ?? double ?? ''),
  );
  const at = all.indexOf('mcp-proxy');
  if (at < 0) throw new Error(`not a command of this program: ${command}`);
  const env = Object.fromEntries(all.slice(0, at).map((pair) => pair.split('=', 2)));
  return { env, args: all.slice(at + 1) };
}
