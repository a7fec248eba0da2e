// Makes a mistake, and writes down what the client and the user read.
import { type ProxyProcess, startProxy } from '../../peers/proxy.ts';
import type { RpcMessage } from '../../peers/rpc.ts';
import { words } from '../transcripts/words.ts';
import type { Mistake } from './mistake.ts';
import { Workspace } from './workspace.ts';

/** The command, lines of the client after "< ", lines of stderr after "! ", and the exit status. */
export async function transcriptOf(mistake: Mistake): Promise<string> {
  const workspace = new Workspace();
  try {
    const filled = (await mistake.setUp?.(workspace)) ?? {};
    const fill = (text: string): string => text.replace(/(?<!\$)\{([a-z]+)\}/g, (all, name) => filled[name] ?? all);
    const command = fill(mistake.command);
    const { env, args } = words(command);
    const argv = mistake.argv?.map(fill) ?? args;
    const program = startProxy(undefined, argv, {
      env,
      home: workspace.home,
      cwd: workspace.folder,
      ...(mistake.nodeArgs && { nodeArgs: [...mistake.nodeArgs] }),
    });
    const seen = await (mistake.play ?? callTool)(program, workspace).catch(kill(program));
    const { code, signal } = await program.close();
    const typed = mistake.typed === undefined ? `$ ${command}` : fill(mistake.typed);
    const lines = [typed, ...seen, ...marked('! ', program.stderr), `[exit ${code ?? signal}]`];
    return workspace.normalise(lines.join('\n'));
  } finally {
    await workspace.close();
  }
}

function kill(program: ProxyProcess): (error: unknown) => never {
  return (error) => {
    program.kill('SIGKILL');
    throw error;
  };
}

/** A client that opens a session, lists the tools and calls one: the first error that it gets, or the result. */
export async function callTool({ rpc }: ProxyProcess): Promise<readonly string[]> {
  try {
    const { message: opened } = await rpc.exchange('initialize', {
      protocolVersion: '2025-11-25',
      capabilities: {},
      clientInfo: { name: 'a client', version: '1' },
    });
    if (opened.error) return told(opened);
    rpc.notify('notifications/initialized');
    // A host lists the tools before it calls one.
    const { message: listed } = await rpc.exchange('tools/list');
    if (listed.error) return told(listed);
    const { message } = await rpc.exchange('tools/call', { name: 'echo', arguments: {} });
    return told(message);
  } catch (error) {
    // The program ended without an answer, as it does after a usage error.
    if (rpc.received.length === 0) return [];
    throw error;
  }
}

/** For commands that end by themselves: what they write on stdout. */
export async function toTheEnd(program: ProxyProcess): Promise<readonly string[]> {
  program.stdin.end();
  await program.exit();
  return program.lines;
}

/** An answer as the page shows it. */
export function told({ error, result }: RpcMessage): readonly string[] {
  if (error === undefined) return marked('< ', `result: ${JSON.stringify(result)}`);
  const data = Object.entries((error.data ?? {}) as object);
  const members = data.map(
    ([name, value]) => `  ${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  return [`error ${error.code}: ${error.message}`, ...members].flatMap((text) => marked('< ', text));
}

/** The heading and the paragraphs of a page. */
export function textOf(html: string): readonly string[] {
  const blocks = html.matchAll(/<(h1|p|pre|li|blockquote)\b(?! class="source")[^>]*>([\s\S]*?)<\/\1>/g);
  return [...blocks].map(([, , text = '']) => text.replace(/<[^>]+>/g, '').trim());
}

function marked(mark: string, text: string): readonly string[] {
  return text === ''
    ? []
    : text
        .trimEnd()
        .split('\n')
        .map((line) => mark + line);
}
