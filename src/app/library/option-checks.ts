/** Checks of what a program passes to the library: programs in JavaScript have no types that would catch a mistake. */
import { LOG_FORMATS, STRATEGIES, UPSTREAM_SESSIONS } from '../../config.ts';
import { LEVELS } from '../../core/ports.ts';
import { ProxyError } from '../../errors.ts';

export type Caller = 'startStdioProxy' | 'startHttpProxy';
export type UncheckedOptions = Readonly<Record<string, unknown>>;

const CHOICES: UncheckedOptions = {
  strategy: STRATEGIES,
  logLevel: LEVELS,
  logFormat: LOG_FORMATS,
  upstreamSession: UPSTREAM_SESSIONS,
};

/** Checks that the members present have the types of those in the model. */
export function alike(caller: Caller, given: unknown, model: object, path: string): void {
  if (given === undefined) return;
  const members = membersOf(given);
  check(caller, members !== undefined, path.slice(0, -1), 'an object', 'leave it out for the defaults');
  for (const [key, usual] of Object.entries(model)) {
    const value = members?.[key];
    if (value === undefined) continue;
    const choices = CHOICES[key] as readonly unknown[] | undefined;
    const hint = 'leave it out for the default';
    if (choices) check(caller, choices.includes(value), path + key, `one of ${choices.join(', ')}`, hint);
    else if (usual !== undefined) check(caller, kindOf(value) === kindOf(usual), path + key, kindOf(usual), hint);
  }
}

export function check(caller: Caller, holds: boolean, name: string, form: string, hint: string): void {
  if (!holds) throw new ProxyError('usage', `${caller}: ${name} is not ${form}`, { hint });
}

export function membersOf(value: unknown): UncheckedOptions | undefined {
  return typeof value === 'object' && value !== null ? (value as UncheckedOptions) : undefined;
}

export function hasAll(value: unknown, methods: readonly string[]): boolean {
  return methods.every((method) => typeof membersOf(value)?.[method] === 'function');
}

/** The type of a value, in words. */
export function kindOf(value: unknown): string {
  const kind = Array.isArray(value) ? 'array' : value === null ? 'null' : typeof value;
  return `${article(kind)} ${kind}`;
}

export function article(kind: string): string {
  return /^[aou]/.test(kind) ? 'an' : 'a';
}
