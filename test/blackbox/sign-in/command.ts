// The program as people start it at a terminal, and a host that calls one tool, over one home.
import { rmSync } from 'node:fs';
import { type ProxyOptions, type ProxyProcess, privateHome, startProxy } from '../../peers/proxy.ts';

/** A home for several starts of the program, removed by `opened`. */
export function sharedHome(): { readonly home: string; close(): Promise<void> } {
  const home = privateHome();
  return { home, close: async () => rmSync(home, { recursive: true, force: true }) };
}

export interface Outcome {
  readonly code: number | null;
  /** Lines on stdout. */
  readonly out: readonly string[];
  /** Everything on stderr. */
  readonly err: string;
}

/** Runs `mcp-proxy <word> <arguments>` until it ends, without input. */
export async function run(word: string, args: string[], options: ProxyOptions): Promise<Outcome> {
  return outcome(startProxy(word, args, options));
}

/** The outcome of a program that ends by itself. */
export async function outcome(program: ProxyProcess): Promise<Outcome> {
  const { code } = await program.close();
  return { code, out: program.lines, err: program.stderr };
}

/** Who is signed in, according to the server, as a legacy host finds out. */
export async function whoami(proxy: ProxyProcess): Promise<string> {
  const { content } = await proxy.rpc.request('tools/call', { name: 'whoami', arguments: {} });
  return content[0].text;
}

/** A whole session of a host that calls one tool. If it needs a sign-in, its list waits for it. */
export async function askWhoami(url: string, args: string[], options: ProxyOptions): Promise<string> {
  const proxy = startProxy(url, args, options);
  await proxy.rpc.initialize('2025-11-25');
  await proxy.rpc.request('tools/list');
  const name = await whoami(proxy);
  await proxy.close();
  return name;
}
