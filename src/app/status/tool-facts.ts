/** The tools of one server for the status page: which of them clients see, and why not the others. Pure. */
import { createHash } from 'node:crypto';
import type { Server } from '../../config.ts';
import { peekText } from '../../core/json.ts';
import type { Pins } from '../../core/ports/pins.ts';
import { withoutControls } from '../../core/redact.ts';
import type { OfferedTools } from '../../downstream/http/operator/activity.ts';
import type { ChangedTool, ToolFacts, ToolsFacts } from '../../downstream/http/operator/status/facts.ts';
import { anyOf, type Matcher } from '../../layers/policy/pattern.ts';
import { differenceOf, leftOut, MANY } from '../../layers/policy/pins/difference.ts';
import { readOnly } from '../../layers/policy/read-only.ts';
import { ToolNames } from '../../layers/policy/rename.ts';
import type { Tool } from '../../layers/policy/tool-pages.ts';
import { peekPage } from '../../mcp/tool-list.ts';

/** Tools, and changes of tools, that the page shows of one server. */
const MAX_TOOLS = 300;
const MAX_CHANGES = 20;

export interface ToolSources {
  /** What the server has listed; undefined before that. */
  readonly offered: OfferedTools | undefined;
  /** The names that clients are known to see, where the server has listed nothing in this start. */
  readonly remembered: readonly string[] | undefined;
  /** Undefined where tools are not pinned. */
  readonly pins: Pins | undefined;
}

export function toolFacts(server: Server, { offered, remembered, pins }: ToolSources): ToolsFacts {
  const { policy } = server;
  const changes = [...(pins?.changed ?? [])];
  const common = {
    changed: changes.slice(0, MAX_CHANGES).map(([name, text]) => changeOf(name, pins?.pinned.get(name) ?? '{}', text)),
    search: policy?.toolSearch ?? false,
  };
  if (offered === undefined) {
    const shown = remembered?.slice(0, MAX_TOOLS).map((name) => ({ name, note: undefined }));
    return { ...common, shown, hidden: [], more: Math.max(0, (remembered?.length ?? 0) - MAX_TOOLS) };
  }
  const tools = toolsIn(offered);
  const whyHidden = hidingOf(server, tools, pins);
  const names = new ToolNames(policy?.renameTools ?? []);
  const asks = anyOf(policy?.confirm ?? []);
  const shown: ToolFacts[] = [];
  const hidden: ToolFacts[] = [];
  for (const name of new Set(tools.map((tool) => tool.name))) {
    const why = whyHidden(name);
    const forClient = names.forClient(name);
    if (why !== undefined) hidden.push({ name, note: why });
    else if (forClient === undefined) hidden.push({ name, note: 'another tool has its name' });
    else shown.push({ name: forClient, note: notesOn(name, forClient, asks) });
  }
  const more = Math.max(0, shown.length - MAX_TOOLS) + Math.max(0, hidden.length - MAX_TOOLS);
  return { ...common, shown: shown.slice(0, MAX_TOOLS), hidden: hidden.slice(0, MAX_TOOLS), more };
}

function toolsIn({ pages }: OfferedTools): Tool[] {
  return pages.flatMap((page) =>
    (peekPage('tools/list', page)?.entries ?? []).flatMap((definition) => {
      const name = peekText(definition, 'name');
      return name === undefined ? [] : [{ name, definition }];
    }),
  );
}

/** Why clients do not see a tool, in words; undefined for one that they see. */
function hidingOf(
  { ignoreTools, policy = {} }: Server,
  tools: readonly Tool[],
  pins: Pins | undefined,
): (name: string) => string | undefined {
  const ignored = anyOf(ignoreTools);
  const named = anyOf(policy.onlyTools ?? []);
  const passing = policy.readOnly ? readingOnly(tools) : undefined;
  return (name) => {
    if (pins?.changed.has(name)) return 'has changed';
    if (ignored(name)) return 'ignored';
    if ((policy.onlyTools ?? []).length > 0 && !named(name)) return 'not among the allowed ones';
    if (passing && !passing.has(name)) return 'not read-only';
    return undefined;
  };
}

/** A definition that cannot be read is not shown to clients either. */
function readingOnly(tools: readonly Tool[]): ReadonlySet<string> {
  try {
    return readOnly(() => false).pass(tools) as ReadonlySet<string>;
  } catch {
    return new Set();
  }
}

function notesOn(name: string, forClient: string, asks: Matcher): string | undefined {
  const notes = [
    ...(forClient === name ? [] : [`the server calls it ${name}`]),
    ...(asks(name) ? ['asks before each call'] : []),
  ];
  return notes.length === 0 ? undefined : notes.join(', ');
}

function changeOf(name: string, before: string, after: string): ChangedTool {
  const difference = differenceOf(before, after, MANY);
  const lines = difference.lines.map(withoutControls);
  return { name, difference: lines, leftOut: leftOut(difference), digest: digestOf([name, after]) };
}

/** Stands for a change in a form: a name may have characters that a form does not keep. */
export function digestOf(change: readonly [name: string, definition: string]): string {
  return createHash('sha256').update(JSON.stringify(change)).digest('base64url');
}
