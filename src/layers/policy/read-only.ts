/** Passes only tools that say of themselves that they change nothing (`annotations.readOnlyHint`). Pure. */
import { isObject, type Json, member } from '../../core/json.ts';
import { withoutLookalikes } from '../../core/lookalikes.ts';
import type { ToolCheck } from './checked-tools.ts';
import type { Matcher } from './pattern.ts';
import type { Tool } from './tool-pages.ts';

const TRUE = Buffer.from('true');

/** @param isOwn whether a tool is the proxy's own at the moment. */
export function readOnly(isOwn: Matcher): ToolCheck {
  return {
    mayChange: false,
    pass: (tools) => passing(tools, (tool) => isOwn(tool.name) || isReadOnly(tool.definition)),
  };
}

/** The names whose every tool fulfils the condition: of two tools of one name, a call may run either. */
function passing(tools: readonly Tool[], holds: (tool: Tool) => boolean): ReadonlySet<string> {
  const [passed, failed] = [new Set<string>(), new Set<string>()];
  for (const tool of tools) (holds(tool) ? passed : failed).add(tool.name);
  for (const name of failed) passed.delete(name);
  return passed;
}

/** Throws a JsonError for a duplicate key. */
function isReadOnly(definition: Json): boolean {
  if (withoutLookalikes(definition, ['annotations']) !== definition) return false;
  const annotations = member(definition, 'annotations');
  if (!isObject(annotations) || withoutLookalikes(annotations, ['readOnlyHint']) !== annotations) return false;
  return member(annotations, 'readOnlyHint')?.equals(TRUE) ?? false;
}
