// A local server with one fault, as its arguments say: `folder`, `phase`, `fault`, `era`. The fault is there while the
// folder has a file `armed`. Each process writes its pid to `pids`, and each call the text that it was sent with to
// `runs`.
import { appendFileSync, closeSync, existsSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';

const [folder, phase, fault, era, largest] = process.argv.slice(2);
const isModern = era === 'modern';
const file = (name) => path.join(folder, name);
const isFaulty = (here) => existsSync(file('armed')) && (phase === here || phase === 'first contact');

appendFileSync(file('pids'), `${process.pid}\n`);
process.stdout.on('error', () => {});

const MODERN = '2026-07-28';
const SUBSCRIPTION = 'io.modelcontextprotocol/subscriptionId';
const DRIPS = 8;
const DRIP_MS = 15;
const NOISE = '*** 4711 users are waiting ***\n{"level":30,"msg":"a line of a log"}\n';
const FORM = { message: 'Which?', requestedSchema: { type: 'object', properties: { n: { type: 'number' } } } };
const MARKS = { readOnlyHint: true, idempotentHint: true };
const TOOLS = ['echo', 'progress', 'ask', 'marked'].map((name) => {
  return { name, inputSchema: { type: 'object' }, ...(name === 'marked' && { annotations: MARKS }) };
});
const INTRODUCTION = { capabilities: { tools: { listChanged: true } }, serverInfo: { name: 'faulty', version: '1' } };
const CACHE = { resultType: 'complete', ttlMs: 0, cacheScope: 'private' };

const lineOf = (message) => `${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`;

/** What waits for the end of a line that drips. */
let waiting;
function put(text) {
  if (waiting) waiting.push(text);
  else process.stdout.write(text);
}
const write = (message) => put(lineOf(message));

let dripping = Promise.resolve();
/** One line after the other, because answers to several requests may drip. */
function drip(line) {
  dripping = dripping.then(() => dripOne(line));
  return dripping;
}

async function dripOne(line) {
  waiting = [];
  for (let at = 0, size = Math.ceil(line.length / DRIPS); at < line.length; at += size) {
    process.stdout.write(line.slice(at, at + size));
    await new Promise((resolve) => setTimeout(resolve, DRIP_MS));
  }
  process.stdout.write(waiting.join(''));
  waiting = undefined;
}

/** Whether the fault has ended the work on a request. */
function breaks() {
  if (fault === 'death') process.exit(3);
  if (fault === 'garbage') process.stdout.write(NOISE);
  if (fault !== 'closed pipe') return;
  // Node itself never closes this stream.
  closeSync(1);
  setInterval(() => {}, 1_000_000);
}

async function badAnswer(id, outcome) {
  const line = lineOf({ id, ...outcome });
  switch (fault) {
    case 'silence':
      return;
    case 'slow drip':
      await drip(line);
      return;
    case 'invalid JSON':
      process.stdout.write(`${line.slice(0, -5)}\n`);
      return;
    case 'wrong id':
      write({ id: 'of another request', ...outcome });
      return;
    case 'duplicate reply':
      process.stdout.write(line + line);
      return;
    case 'oversize':
      // White space may be between the tokens of any JSON.
      process.stdout.write(`${line.slice(0, -2)}${' '.repeat(2 * Number(largest))}}\n`);
      return;
    default:
      breaks();
  }
}

function openingOf({ protocolVersion }) {
  if (!isModern) return { result: { protocolVersion, ...INTRODUCTION } };
  return { error: { code: -32022, message: 'Unsupported protocol version', data: { supported: [MODERN] } } };
}

function outcomeOf(method, params) {
  const complete = isModern ? CACHE : {};
  if (method === 'initialize') return openingOf(params);
  if (method === 'server/discover' && isModern) {
    return { result: { ...CACHE, ...INTRODUCTION, supportedVersions: [MODERN] } };
  }
  if (method === 'ping') return { result: {} };
  if (method === 'tools/list') return { result: { ...complete, tools: TOOLS } };
  if (method !== 'tools/call') return { error: { code: -32601, message: 'Method not found' } };
  return { result: { ...(isModern && { resultType: 'complete' }), content: [{ type: 'text', text: 'done' }] } };
}

function phaseOf({ method, params }) {
  if (method === 'initialize' || (isModern && method === 'server/discover')) return 'initialize';
  if (method === 'tools/list') return 'list';
  if (method === 'subscriptions/listen') return 'subscription';
  if (method !== 'tools/call') return undefined;
  return { progress: 'progress', ask: 'questions', marked: 'marked call' }[params.name] ?? 'call';
}

const asking = new Map();

/** Asks what a call needs to know, and finishes the call when that is known. */
function ask({ id, params }, finish) {
  if (!isModern) {
    asking.set(`question-${id}`, finish);
    write({ id: `question-${id}`, method: 'elicitation/create', params: FORM });
  } else if (params.inputResponses !== undefined) finish();
  else {
    const inputRequests = { form: { method: 'elicitation/create', params: { mode: 'form', ...FORM } } };
    write({ id, result: { resultType: 'input_required', inputRequests, requestState: 'state' } });
  }
}

function serve(message) {
  const { id, method, params } = message;
  if (method === undefined) {
    asking.get(id)?.();
    asking.delete(id);
    return;
  }
  if (id === undefined) return;
  const finish = () => {
    const outcome = outcomeOf(method, params);
    if (isFaulty(phaseOf(message))) badAnswer(id, outcome);
    else write({ id, ...outcome });
  };
  const isFirst = params?.inputResponses === undefined;
  if (method === 'tools/call' && isFirst) appendFileSync(file('runs'), `${params.arguments.text}\n`);
  if (method === 'subscriptions/listen' && !isFaulty('subscription')) {
    const meta = { _meta: { [SUBSCRIPTION]: id } };
    write({
      method: 'notifications/subscriptions/acknowledged',
      params: { notifications: params.notifications, ...meta },
    });
    return;
  }
  if (params?.name === 'progress') {
    write({ method: 'notifications/progress', params: { progressToken: params._meta?.progressToken, progress: 1 } });
  }
  if (params?.name === 'ask') ask(message, finish);
  else finish();
}

if (phase === 'first contact' && isFaulty(phase)) breaks();
createInterface({ input: process.stdin })
  .on('line', (line) => serve(JSON.parse(line)))
  .on('close', () => process.exit(0));
