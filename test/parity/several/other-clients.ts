// Fifty clients over HTTP, of every kind that there is, which list and call the other servers of a file until they are
// told to end, and take note of everything that is not their own.
import { ModernClient } from '../../peers/http/modern-client.ts';
import { SseClient } from '../../peers/http/sse-client.ts';
import { StreamableClient } from '../../peers/http/streamable-client.ts';
import type { RpcMessage } from '../../peers/rpc.ts';
import { ASKING, ECHOING, LOCAL_LEGACY, LOCAL_MODERN, OTHER_TOOLS } from './other-servers.ts';

const COUNT = 50;
const REVISION = '2025-11-25';
const CAPABILITIES = { elicitation: {} };

export interface OtherClients {
  /** Rejects with the first thing that a client got and should not have, or missed. */
  readonly failed: Promise<never>;
  /** Lets each of them end its round. Resolves with the number of rounds of each. */
  stop(): Promise<number[]>;
}

/** Resolves when all of them are at work. */
export async function startOtherClients(url: string): Promise<OtherClients> {
  let isOver = false;
  let fail = (_: unknown): void => {};
  const failed = new Promise<never>((_, reject) => {
    fail = reject;
  });
  failed.catch(() => {});
  // The first one waits for all servers. After that, no client starts a process in order to list tools.
  const first = await OtherClient.connect(url, 0);
  await first.untilAll();
  const others = Array.from({ length: COUNT - 1 }, (_, at) => OtherClient.connect(url, at + 1));
  const clients = [first, ...(await Promise.all(others))];
  const work = clients.map(async (client) => {
    let rounds = 0;
    while (!isOver || rounds === 0) await client.round(++rounds);
    await client.leave();
    return rounds;
  });
  for (const one of work) one.catch(fail);
  return {
    failed,
    stop() {
      isOver = true;
      return Promise.all(work);
    },
  };
}

class OtherClient {
  readonly #client: StreamableClient | SseClient | ModernClient;
  readonly #number: number;
  /** What the user was asked. */
  readonly #questions: string[] = [];

  static async connect(url: string, number: number): Promise<OtherClient> {
    if (number % 3 === 0) {
      const client = new StreamableClient(`${url}/mcp`);
      await client.initialize(REVISION, CAPABILITIES);
      return new OtherClient(client, number);
    }
    if (number % 3 === 1) {
      const client = new SseClient(`${url}/sse`);
      await client.open();
      await client.initialize(REVISION, CAPABILITIES);
      return new OtherClient(client, number);
    }
    const client = new ModernClient(`${url}/mcp`);
    client.capabilities = CAPABILITIES;
    return new OtherClient(client, number);
  }

  constructor(client: StreamableClient | SseClient | ModernClient, number: number) {
    this.#client = client;
    this.#number = number;
    client.on('elicitation/create', ({ message }) => this.#answer(message));
  }

  /** Waits until the lists of all servers are there, that of the one that needs a sign-in included. */
  async untilAll(): Promise<void> {
    for (;;) {
      const names = new Set(await this.#toolNames());
      if (OTHER_TOOLS.every((name) => names.has(name)) && names.has('echo')) return;
    }
  }

  /** Lists the tools, and calls some of every server. Throws when anything is not as it should be. */
  async round(turn: number): Promise<void> {
    const names = await this.#toolNames();
    const missing = OTHER_TOOLS.filter((name) => !names.includes(name));
    if (missing.length > 0 || new Set(names).size < names.length) {
      throw new Error(`client ${this.#number} got a list without ${missing}, or with a name twice: ${names}`);
    }
    const own = { client: this.#number, turn };
    for (const [tool, words] of Object.entries(ECHOING)) {
      const args = { ...own, tool };
      await this.#expect(tool, args, words + JSON.stringify(args));
    }
    // A process for each client of an older revision would be many.
    for (const tool of this.#number % 10 === 0 ? [LOCAL_MODERN, LOCAL_LEGACY] : [LOCAL_MODERN]) {
      const text = `${tool}, client ${this.#number}, turn ${turn}`;
      await this.#expect(tool, { text }, text);
    }
    for (const tool of ASKING) {
      const question = `${tool}, client ${this.#number}, turn ${turn}`;
      await this.#expect(tool, { tool, question }, JSON.stringify(this.#answerTo(question)));
      const asked = this.#questions.splice(0);
      if (asked.length !== 1 || asked[0] !== question) {
        throw new Error(`client ${this.#number} was asked ${JSON.stringify(asked)} instead of "${question}"`);
      }
    }
  }

  /** Looks through everything that has arrived, and leaves. */
  async leave(): Promise<void> {
    const client = this.#client;
    const { all } = client.arrivals;
    const foreign = all.filter(
      ({ message: { method, id } }) =>
        method !== undefined && (id === undefined ? !/list_changed$/.test(method) : method !== 'elicitation/create'),
    );
    const answers = all.filter(({ message }) => message.method === undefined).map(({ message }) => message.id);
    if (client instanceof StreamableClient) await client.close();
    else client.vanish();
    const wrong = [...foreign.map(({ text }) => text), ...client.garbage, ...client.refusals.map(String)];
    if (new Set(answers).size < answers.length) wrong.push(`two answers with the same id: ${answers}`);
    if (wrong.length > 0) throw new Error(`client ${this.#number} got: ${wrong.join('\n')}`);
  }

  async #toolNames(): Promise<string[]> {
    const { tools, nextCursor } = await this.#client.request('tools/list');
    if (nextCursor !== undefined) throw new Error('the tools do not fit into one page');
    return (tools as { name: string }[]).map(({ name }) => name);
  }

  async #expect(name: string, args: object, text: string): Promise<void> {
    const result = await this.#call({ name, arguments: args });
    const got = result.content?.[0]?.text;
    if (got !== text || result.content.length !== 1) {
      throw new Error(`client ${this.#number} called ${name} for ${text}, and got ${JSON.stringify(result)}`);
    }
  }

  /** In 2026-07-28, a question is the result of a first round. */
  async #call(params: object): Promise<RpcMessage['result']> {
    const first = await this.#client.request('tools/call', params);
    if (first.resultType !== 'input_required') return first;
    const { inputRequests, requestState } = first as {
      inputRequests: Record<string, { params: { message: string } }>;
      requestState?: string;
    };
    const inputResponses = Object.fromEntries(
      Object.entries(inputRequests).map(([key, asked]) => [key, this.#answer(asked.params.message)]),
    );
    return this.#client.request('tools/call', { ...params, inputResponses, ...(requestState && { requestState }) });
  }

  #answer(question: string): object {
    this.#questions.push(question);
    return this.#answerTo(question);
  }

  #answerTo(question: string): object {
    return { action: 'accept', content: { name: question, age: this.#number } };
  }
}
