// A local server that does what its arguments say, one `name=value` each. Its tools let a test see and break it.
//
//   roll=FILE            appends one line for each process: its pid
//   lists=FILE           the names of its tools, one a line; read at each start
//   announces=no         does not say when its tools change
//   banner=N             writes N lines on stdout that are no messages
//   dies=start|initialize|initialized|discover|call|half|refusal   ends with exit code 3 in that phase
//   deaths=FILE          and only as often as FILE has lines: one goes with each death
//   silent=initialize    never answers that method
//   tells=end            says on stderr that its stdin has ended
//   stays=end,term       goes on after the end of its stdin, after SIGTERM
//   leaves=grandchild    starts a process that goes on after both, with the same pipes
//   roams=grandchild     starts a process that has pipes of its own, and goes on after the end of this one
//   closes=stdout        closes its stdout after the first answer, and lives
//   floods=N             writes N lines to stderr with each call
//   era=modern           speaks 2026-07-28 only
//   refuses=CODE         the code of the error for what it does not speak
//   stalled=FILE         made when nobody has read its stdout for a while
//   listens=FILE         its stdin is read again when this file is there
import { spawn } from 'node:child_process';
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

const options = Object.fromEntries(process.argv.slice(2).map((word) => word.split(/=(.*)/s, 2)));
const isModern = options.era === 'modern';
const stays = (options.stays ?? '').split(',');

if (options.roll) appendFileSync(options.roll, `${process.pid}\n`);
if (stays.includes('term')) process.on('SIGTERM', () => {});
if (options.leaves) {
  const code = "process.on('SIGTERM', () => {}); setInterval(() => {}, 1e6);";
  const grandchild = spawn(process.execPath, ['-e', code], { stdio: 'inherit' });
  if (options.roll) appendFileSync(options.roll, `${grandchild.pid}\n`);
}
if (options.roams) {
  const grandchild = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e6);'], { stdio: 'ignore' });
  if (options.roll) appendFileSync(options.roll, `${grandchild.pid}\n`);
}
for (let n = 1; n <= Number(options.banner ?? 0); n++) {
  process.stdout.write(n % 2 === 1 ? `*** welcome to line ${n} ***\n` : `{"level":30,"id":${n},"msg":"a log line"}\n`);
}

const write = (message) => process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);

function die(phase) {
  if (options.dies !== phase) return false;
  if (options.deaths) {
    const left = existsSync(options.deaths) ? readFileSync(options.deaths, 'utf8').split('\n').filter(Boolean) : [];
    if (left.length === 0) return false;
    writeFileSync(options.deaths, left.slice(1).join('\n'));
  }
  process.stderr.write('reading settings\nAPI_KEY is not set\n');
  process.exit(3);
}

const state = { level: undefined, subscriptions: [], initializations: 0, initialized: 0 };
const waiting = new Map();
let lastQuestion = 0;

function ask(method, params, done) {
  const id = `question-${++lastQuestion}`;
  waiting.set(id, done);
  write({ id, method, params });
}

const toolNames = () => (options.lists ? readFileSync(options.lists, 'utf8').split('\n').filter(Boolean) : ['echo']);

const text = (value) => ({
  content: [{ type: 'text', text: typeof value === 'string' ? value : JSON.stringify(value) }],
});

const TOOLS = {
  echo: ({ text: said }) => text(said ?? ''),
  pid: () => text(String(process.pid)),
  environment: () => text(process.env),
  folder: () => text(process.cwd()),
  state: () => text(state),
  never: () => undefined,
  // The same, and says so on stderr.
  hangs: () => void process.stderr.write('the call hangs\n'),
  end: ({ code = 7, told = 'out of memory' }) => {
    process.stderr.write(`${told}\n`, () => process.exit(code));
    return undefined;
  },
  half: () => {
    process.stdout.write('{"jsonrpc":"2.0","id":', () => process.exit(4));
    return undefined;
  },
  notify: ({ method, params }) => {
    write({ method, params });
    return text('told');
  },
  flood: ({ id, count, size }) => {
    flood(count, 'x'.repeat(size)).then(() => write({ id, result: text(String(count)) }));
    return undefined;
  },
  // Each line as it is, with the id of the call for ID, before the answer.
  say: ({ id, lines: said }) => {
    for (const line of said) process.stdout.write(`${line.replaceAll('ID', id)}\n`);
    return text('the answer');
  },
  // The same, and no answer.
  print: ({ lines: said }) => {
    for (const line of said) process.stdout.write(`${line}\n`);
    return undefined;
  },
  deaf: () => {
    lines.pause();
    process.stdin.pause();
    const timer = setInterval(() => {
      if (!existsSync(options.listens)) return;
      clearInterval(timer);
      process.stdin.resume();
      lines.resume();
    }, 50);
    return text('deaf');
  },
  heard: () => text(String(heard)),
  big: ({ size }) => text('x'.repeat(size)),
};

let heard = 0;

/** Writes as fast as the other end reads. */
async function flood(count, pad) {
  for (let n = 0; n < count; n++) {
    const message = { jsonrpc: '2.0', method: 'notifications/message', params: { level: 'info', data: { n, pad } } };
    if (process.stdout.write(`${JSON.stringify(message)}\n`)) continue;
    const timer = setTimeout(() => writeFileSync(options.stalled, String(n)), 1_500);
    await new Promise((resolve) => process.stdout.once('drain', resolve));
    clearTimeout(timer);
  }
}

const RESULTS = {
  initialize: ({ protocolVersion }) => {
    state.initializations++;
    const listChanged = options.announces !== 'no';
    return {
      protocolVersion,
      capabilities: { tools: { listChanged }, resources: { subscribe: true }, logging: {} },
      serverInfo: { name: 'scripted', version: '1' },
    };
  },
  ping: () => ({}),
  'tools/list': () => ({ tools: toolNames().map((name) => ({ name, inputSchema: { type: 'object' } })) }),
  'logging/setLevel': ({ level }) => {
    state.level = level;
    return {};
  },
  'resources/subscribe': ({ uri }) => {
    state.subscriptions.push(uri);
    return {};
  },
  'resources/unsubscribe': ({ uri }) => {
    state.subscriptions = state.subscriptions.filter((one) => one !== uri);
    return {};
  },
  'tools/call': ({ name, arguments: given = {} }, id) => {
    for (let n = 0; n < Number(options.floods ?? 0); n++) process.stderr.write(`flood ${n} ${'~'.repeat(100)}\n`);
    return TOOLS[name]?.({ id, ...given }) ?? (name in TOOLS ? undefined : { content: [], isError: true });
  },
  'server/discover': () => ({
    supportedVersions: ['2026-07-28'],
    capabilities: { tools: { listChanged: true } },
    serverInfo: { name: 'scripted', version: '1' },
    resultType: 'complete',
    ttlMs: 600_000,
    cacheScope: 'public',
  }),
};

function serve(message) {
  const { id, method, params = {}, result, error } = message;
  if (method === undefined) {
    waiting.get(id)?.(result ?? error);
    waiting.delete(id);
    return;
  }
  if (method === 'notifications/initialized') {
    state.initialized++;
    die('initialized');
  }
  if (id === undefined) {
    heard++;
    return;
  }
  die(method === 'tools/call' ? 'call' : method.split('/').pop());
  if (options.silent === method) return;
  if (method === 'tools/call' && params.name === 'ask') {
    ask(params.arguments.method, params.arguments.params, (answered) => write({ id, result: text(answered) }));
    return;
  }
  const known = RESULTS[method];
  const speaks = isModern ? method !== 'initialize' : method !== 'server/discover';
  if (!known || !speaks) {
    const code = Number(options.refuses ?? -32601);
    const data = code === -32022 ? { supported: ['2026-07-28'] } : undefined;
    write({ id, error: { code, message: 'Method not found', data } });
    if (!speaks) die('refusal');
    return;
  }
  const answered = known(params, id);
  if (answered === undefined) return;
  const modern = isModern && method !== 'server/discover' ? { resultType: 'complete' } : {};
  const cached = isModern && method === 'tools/list' ? { ttlMs: 600_000, cacheScope: 'public' } : {};
  write({ id, result: { ...answered, ...modern, ...cached } });
  if (options.closes === 'stdout') process.stdout.end();
}

die('start');
const lines = createInterface({ input: process.stdin });
lines.on('line', (line) => {
  const value = JSON.parse(line);
  for (const message of Array.isArray(value) ? value : [value]) serve(message);
});
lines.on('close', () => {
  if (stays.includes('end')) setInterval(() => {}, 1e6);
  else if (options.tells === 'end') process.stderr.write('my stdin has ended\n', () => process.exit(0));
  else process.exit(0);
});
// A process whose stdout is closed must not end because of it.
process.stdout.on('error', () => {});
