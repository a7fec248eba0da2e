/** Checks the arguments of the library's functions: programs in JavaScript have no types that would. */
import { DEFAULTS, LISTEN_DEFAULTS, LOG_FORMATS, STRATEGIES } from '../config.ts';
import { LEVELS } from '../core/ports.ts';
import { ProxyError } from '../errors.ts';

type Members = Readonly<Record<string, unknown>>;

const CHOICES: Members = { strategy: STRATEGIES, logLevel: LEVELS, logFormat: LOG_FORMATS };
const CONFIG_HINT = 'pass at least { ...DEFAULTS, url: new URL("https://server.example/mcp") }';
const LISTEN_HINT = 'pass at least { ...LISTEN_DEFAULTS, host: "localhost", port: 8080 }';

/** For each member of `environment`: its `typeof`, or the methods that it must have. */
const SURROUNDINGS: Readonly<Record<string, string | readonly string[]>> = {
  env: 'object',
  log: LEVELS,
  memory: ['peek', 'recall', 'remember'],
  version: 'string',
  redact: 'function',
};

/** Throws a ProxyError `usage` that names the function and the first member that is missing or wrong. */
export function checkArguments(caller: 'startStdioProxy' | 'startHttpProxy', config: unknown, around: unknown): void {
  const check = (holds: boolean, name: string, form: string, hint: string): void => {
    if (!holds) throw new ProxyError('usage', `${caller}: ${name} is missing or not ${form}`, { hint });
  };
  const given = membersOf(config);
  check(given !== undefined, 'config', 'an object', CONFIG_HINT);
  check(given?.url instanceof URL, 'config.url', 'a URL object', CONFIG_HINT);
  const alike = (members: Members | undefined, model: object, path: string, hint: string): void => {
    for (const [key, usual] of Object.entries(model)) {
      const value = members?.[key];
      const choices = CHOICES[key] as readonly unknown[] | undefined;
      if (choices) check(choices.includes(value), path + key, `one of ${choices.join(', ')}`, hint);
      else if (usual !== undefined) check(kindOf(value) === kindOf(usual), path + key, kindOf(usual), hint);
    }
  };
  alike(given, DEFAULTS, 'config.', CONFIG_HINT);
  alike(membersOf(given?.auth), DEFAULTS.auth, 'config.auth.', CONFIG_HINT);
  if (caller === 'startHttpProxy') {
    const listen = membersOf(given?.listen);
    check(listen !== undefined, 'config.listen', 'an object', LISTEN_HINT);
    check(typeof listen?.port === 'number', 'config.listen.port', 'a number', LISTEN_HINT);
    alike(listen, LISTEN_DEFAULTS, 'config.listen.', LISTEN_HINT);
  }

  const hint = `env, log, memory, redact and version${caller === 'startStdioProxy' ? ', and streams of a client' : ''} are needed`;
  const environment = membersOf(around);
  check(environment !== undefined, 'environment', 'an object', hint);
  for (const [key, wanted] of Object.entries(SURROUNDINGS)) {
    const value = environment?.[key];
    const holds = typeof wanted === 'string' ? kindOf(value).endsWith(wanted) : hasAll(value, wanted);
    const form = typeof wanted === 'string' ? `${article(wanted)} ${wanted}` : `an object with ${wanted.join(', ')}`;
    check(holds, `environment.${key}`, form, hint);
  }
  if (caller === 'startHttpProxy') return;
  const streams = membersOf(environment?.streams);
  check(hasAll(streams?.input, ['on', 'pause']), 'environment.streams.input', 'a readable stream', hint);
  check(hasAll(streams?.output, ['on', 'write']), 'environment.streams.output', 'a writable stream', hint);
}

function membersOf(value: unknown): Members | undefined {
  return typeof value === 'object' && value !== null ? (value as Members) : undefined;
}

function hasAll(value: unknown, methods: readonly string[]): boolean {
  return methods.every((method) => typeof membersOf(value)?.[method] === 'function');
}

/** The type of a value, in words. */
function kindOf(value: unknown): string {
  const kind = Array.isArray(value) ? 'array' : value === null ? 'null' : typeof value;
  return `${article(kind)} ${kind}`;
}

function article(kind: string): string {
  return /^[aou]/.test(kind) ? 'an' : 'a';
}
