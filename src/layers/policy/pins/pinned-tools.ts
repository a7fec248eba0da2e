/** Hides tools whose definitions have changed since they were first seen, until the user accepts the change. */
import { isObject, withoutMembers } from '../../../core/json.ts';
import type { PinStore, Pins } from '../../../core/ports/pins.ts';
import { printable, withoutControls } from '../../../core/redact.ts';
import { ProxyError } from '../../../errors.ts';
import { canonical } from '../../../mcp/eras/canonical.ts';
import type { ToolCheck } from '../checked-tools.ts';
import type { Matcher } from '../pattern.ts';
import type { Tool } from '../tool-pages.ts';
import { differenceOf, FEW, leftOut } from './difference.ts';

export interface PinOptions {
  readonly store: PinStore;
  /** Whether a tool is the proxy's own at the moment. */
  readonly isOwn: Matcher;
  /** Shows one line to the user. */
  readonly warn: (line: string) => void;
  /** The command that accepts the changes, for the user to type. */
  readonly accept: string;
}

/** Members that the proxy changes itself, as the revision of a client needs it. */
const VARIABLE = ['execution', 'outputSchema'];
/** Of one server, pinned and changed together. */
const MAX_TOOLS = 20_000;
const MAX_CHARACTERS = 64 * 1_048_576;

export function pinnedTools({ store, isOwn, warn, accept }: PinOptions): ToolCheck {
  /** The changes that this process has shown. */
  const told = new Set<string>();
  return {
    mayChange: true,
    async pass(tools) {
      const seen = new Map<string, string>();
      const twice = new Set<string>();
      for (const tool of tools) {
        if (isOwn(tool.name)) continue;
        const text = textOf(tool);
        if ((seen.get(tool.name) ?? text) !== text) twice.add(tool.name);
        seen.set(tool.name, text);
      }
      let pins = await store.read();
      if (pinned(pins, seen) !== pins) {
        await store.update((kept) => {
          pins = pinned(kept, seen);
          return pins;
        });
      }
      for (const [name, text] of seen) {
        const old = pins.pinned.get(name);
        const change = JSON.stringify([name, text]);
        if (old === undefined || old === text || told.has(change)) continue;
        if (told.size < MAX_TOOLS) told.add(change);
        warn(`the tool ${JSON.stringify(printable(name, 80))} has changed since it was first seen, so it is hidden:`);
        const difference = differenceOf(old, text, FEW);
        for (const line of difference.lines) warn(withoutControls(line));
        const left = leftOut(difference);
        if (left !== undefined) warn(`  ${left}; ${seeAll(store)}`);
        warn(`to accept it: ${accept}`);
      }
      const passes = ({ name }: Tool): boolean =>
        isOwn(name) || (!twice.has(name) && pins.pinned.get(name) === seen.get(name));
      return new Set(tools.filter(passes).map(({ name }) => name));
    },
  };
}

function seeAll({ place }: PinStore): string {
  if (place !== undefined) return `to see all of it, compare the definitions in ${place}`;
  return 'to see all of it, list the tools without --pin-tools';
}

/** The pins with what was seen; the same ones if they say so already. */
function pinned(pins: Pins, seen: ReadonlyMap<string, string>): Pins {
  const kept = { pinned: new Map(pins.pinned), changed: new Map(pins.changed) };
  let differs = false;
  for (const [name, text] of seen) {
    const old = kept.pinned.get(name);
    if (old === undefined) kept.pinned.set(name, text);
    else if (old === text) {
      if (!kept.changed.delete(name)) continue;
    } else if (kept.changed.get(name) === text) continue;
    else kept.changed.set(name, text);
    differs = true;
  }
  if (!differs) return pins;
  let characters = 0;
  for (const text of [...kept.pinned.values(), ...kept.changed.values()]) characters += text.length;
  if (kept.pinned.size + kept.changed.size > MAX_TOOLS || characters > MAX_CHARACTERS) {
    throw new ProxyError('limit', 'the server has more tools than --pin-tools can keep', {
      hint: 'start the proxy without --pin-tools',
    });
  }
  return kept;
}

/** One spelling of a definition, so that only its meaning counts. */
function textOf({ definition }: Tool): string {
  return canonical(isObject(definition) ? withoutMembers(definition, VARIABLE) : definition);
}
