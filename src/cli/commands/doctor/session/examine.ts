/** One session with a server: opens it, reads its lists, calls a tool that is marked as harmless, and measures. */
import type { CancelSignal } from '../../../../core/cancel.ts';
import { asString, encode, type Json, peek } from '../../../../core/json.ts';
import type { Call } from '../../../../core/jsonrpc.ts';
import { printable } from '../../../../core/redact.ts';
import { ProxyError } from '../../../../errors.ts';
import { INITIALIZED, initializeCall, ourselves, PING } from '../../../../mcp/handshake.ts';
import { MODERN_REVISIONS } from '../../../../mcp/revisions.ts';
import { nextPage, peekPage } from '../../../../mcp/tool-list.ts';
import { again } from '../command-line.ts';
import { type CheckName, type Finding, failed } from '../examination.ts';
import { counted } from '../next-step.ts';
import type { Patient } from '../patient.ts';
import { CALL, LISTS, PROTOCOL, SESSION, SPEED } from './checks.ts';
import type { Client } from './client.ts';
import { announcedLists, harmlessTool, type ListName, revisionIn, serverNameIn } from './lists.ts';

/** What is different for a program on this machine. */
interface SessionNames {
  readonly opening: CheckName;
  /** How long the opening may take, in milliseconds. */
  readonly openingLimit: number;
  /** Says more about an opening that has failed. */
  readonly explain: (finding: Finding) => Finding;
}

const AT_URL: SessionNames = { opening: SESSION, openingLimit: 30_000, explain: (finding) => finding };

/** For each check, in milliseconds. */
const LIMIT = 30_000;
const MOST_PAGES = 50;
const ROUNDS = 3;
const TELL_OPERATOR = 'tell the operator of the server';
/** A round trip that users notice, in milliseconds. */
const SLOW = 2_000;

/** Whether the session could be opened. The caller closes the client. */
export async function examineSession(
  patient: Patient,
  client: Client,
  transport: () => string,
  names = AT_URL,
): Promise<boolean> {
  const { examination, version } = patient;
  let introduced: Json | undefined;
  await examination.run(names.opening, names.openingLimit, async (signal) => {
    try {
      introduced = await client.ask(initializeCall(ourselves(version)), signal);
    } catch (error) {
      return names.explain(failedUse(error, patient));
    }
    if (asString(peek(introduced, 'protocolVersion')) === undefined) {
      introduced = undefined;
      const text = 'the answer to initialize names no protocol revision';
      return { mark: 'fail', text, next: { say: 'Ask the operator of the server, with the report.' } };
    }
    client.notify(INITIALIZED);
    return { mark: 'ok', text: `opened with ${serverNameIn(introduced)}` };
  });
  if (introduced) await examineUse(patient, client, introduced, transport);
  else examination.skipAll([PROTOCOL, LISTS, CALL, SPEED], 'not without a session');
  return introduced !== undefined;
}

async function examineUse(patient: Patient, client: Client, introduced: Json, transport: () => string): Promise<void> {
  const { examination } = patient;
  const lists = announcedLists(introduced);
  let tools: readonly Json[] = [];
  const use = (name: CheckName, work: (signal: CancelSignal) => Promise<Finding>) =>
    examination.run(name, LIMIT, (signal) => work(signal).catch((error: unknown) => failedUse(error, patient)));
  await use(PROTOCOL, (signal) => protocol(client, introduced, transport, signal));
  await use(LISTS, async (signal) => {
    const counts: string[] = [];
    for (const name of lists) {
      const entries = await readList(client, name, signal);
      if (name === 'tools') tools = entries;
      counts.push(counted(entries.length, name.slice(0, -1)));
    }
    return { mark: 'ok', text: counts.length === 0 ? 'it offers no tools, prompts or resources' : counts.join(', ') };
  });
  const tool = harmlessTool(tools);
  if (tool === undefined) examination.skip(CALL, 'no tool is marked as harmless without input');
  else await use(CALL, (signal) => testCall(client, tool, signal));
  const [list] = lists;
  if (list === undefined) examination.skip(SPEED, 'there is no list to read again');
  else await use(SPEED, (signal) => speed(client, list, signal));
}

/** Some servers open a session for everybody, and ask for a sign-in only then. */
function failedUse(error: unknown, { typed }: Patient): Finding {
  const asks = error instanceof ProxyError && error.code === 'sign-in-needed';
  if (!asks) return failed(error);
  const next = { say: 'Sign in. This opens your browser:', command: again('login', typed) };
  return { mark: 'fail', text: 'the server asks for a sign-in at this point', next };
}

async function protocol(
  client: Client,
  introduced: Json,
  transport: () => string,
  signal: CancelSignal,
): Promise<Finding> {
  // The era may be found out only after the opening; the next answer comes after that. Not every server knows a ping.
  await client.ask(PING, signal).catch(() => {});
  const revision = client.era === 'modern' ? MODERN_REVISIONS[0] : revisionIn(introduced);
  return { mark: 'ok', text: `MCP ${revision} over ${transport()}` };
}

/** The entries of a list, from all of its pages. */
async function readList(client: Client, name: ListName, signal: CancelSignal): Promise<Json[]> {
  const method = `${name}/list`;
  const entries: Json[] = [];
  let call: Call | undefined = { method, params: encode({}) };
  for (let page = 0; call && page < MOST_PAGES; page++) {
    const result: Json = await client.ask(call, signal);
    const read = peekPage(method, result);
    if (!read) throw new ProxyError('bad-result', `the answer to ${method} holds no list`, { hint: TELL_OPERATOR });
    entries.push(...read.entries);
    call = nextPage(call, result);
  }
  if (call)
    throw new ProxyError('bad-result', `${method} does not end: ${MOST_PAGES} pages, and more`, {
      hint: TELL_OPERATOR,
    });
  return entries;
}

async function testCall(client: Client, name: string, signal: CancelSignal): Promise<Finding> {
  const result = await client.ask({ method: 'tools/call', params: encode({ name, arguments: {} }) }, signal);
  const shown = JSON.stringify(printable(name, 60));
  if (peek(result, 'isError')?.toString('latin1') !== 'true') return { mark: 'ok', text: `${shown} answers` };
  return { mark: 'warn', text: `${shown} answers with an error`, details: ['it may need input after all'] };
}

async function speed(client: Client, list: ListName, signal: CancelSignal): Promise<Finding> {
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const since = performance.now();
    await client.ask({ method: `${list}/list`, params: encode({}) }, signal);
    times.push(performance.now() - since);
  }
  const middle = Math.round(times.sort((a, b) => a - b)[1] ?? 0);
  const text = `an answer takes ${middle < 1 ? 'less than 1' : middle} ms`;
  if (middle < SLOW) return { mark: 'ok', text };
  return { mark: 'warn', text, details: ['that is slow: hosts give up on some calls after a while'] };
}
