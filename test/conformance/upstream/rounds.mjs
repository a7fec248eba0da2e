// Tools and a prompt of 2026-07-28: what they want to know of the client they ask in a result, and the client calls
// again with the answers. `call` also has answers, accepted(key), state, seal(value), capabilities and announce(what).
import { randomBytes } from 'node:crypto';
import { createRequestStateCodec, inputRequired } from '@modelcontextprotocol/server';
import { required, said, text } from './content.mjs';

// State that comes back through the client is sealed, and the SDK refuses what was altered.
export const seal = createRequestStateCodec({ key: randomBytes(32) });

const NOTHING = required({});
const question = (message, properties) => inputRequired.elicit({ message, requestedSchema: required(properties) });
const completion = (prompt, maxTokens) =>
  inputRequired.createMessage({ messages: [{ role: 'user', content: text(prompt) }], maxTokens });
const name = () => question('What is your name?', { name: { type: 'string' } });
const confirmation = () => question('Please confirm', { ok: { type: 'boolean' } });

const tool = (suffix, description, run) => ({
  name: `test_input_required_result_${suffix}`,
  description,
  inputSchema: NOTHING,
  run: (_, call) => run(call),
});

export const ROUND_TOOLS = [
  tool('elicitation', 'Asks the user for a name.', (call) => {
    const given = call.accepted('user_name')?.name;
    if (typeof given === 'string') return said(`Hello, ${given}!`);
    return inputRequired({ inputRequests: { user_name: name() } });
  }),
  tool('sampling', 'Asks the model of the client.', (call) => {
    const given = call.answers.capital_question;
    if (given) return said(`The model says: ${given.content?.text}`);
    return inputRequired({ inputRequests: { capital_question: completion('What is the capital of France?', 100) } });
  }),
  tool('list_roots', 'Asks for the roots of the client.', (call) => {
    const given = call.answers.client_roots?.roots;
    if (Array.isArray(given)) return said(`Roots: ${given.map(({ uri }) => uri).join(' ')}`);
    return inputRequired({ inputRequests: { client_roots: inputRequired.listRoots() } });
  }),
  tool('request_state', 'Wants its state back.', async (call) => {
    if (call.accepted('confirm') && call.state !== undefined) return said('state-ok');
    return inputRequired({ inputRequests: { confirm: confirmation() }, requestState: await call.seal({ round: 1 }) });
  }),
  tool('multiple_inputs', 'Asks three things at once.', async (call) => {
    const given = call.accepted('user_name')?.name;
    const greeting = call.answers.greeting?.content?.text;
    const roots = call.answers.client_roots?.roots;
    if (typeof given === 'string' && typeof greeting === 'string' && Array.isArray(roots)) {
      return said(`${greeting}, ${given} of ${roots.length} roots`);
    }
    return inputRequired({
      inputRequests: {
        user_name: name(),
        greeting: completion('Generate a greeting', 50),
        client_roots: inputRequired.listRoots(),
      },
      requestState: await call.seal({ round: 1 }),
    });
  }),
  tool('multi_round', 'Asks twice; the state grows.', async (call) => {
    const { round = 0, name: before } = call.state ?? {};
    if (round === 0) {
      const step1 = question('Step 1: What is your name?', { name: { type: 'string' } });
      return inputRequired({ inputRequests: { step1 }, requestState: await call.seal({ round: 1 }) });
    }
    if (round === 1) {
      const step2 = question('Step 2: What is your favorite color?', { color: { type: 'string' } });
      const state = { round: 2, name: call.accepted('step1')?.name };
      return inputRequired({ inputRequests: { step2 }, requestState: await call.seal(state) });
    }
    return said(`${before} likes ${call.accepted('step2')?.color}`);
  }),
  tool('tampered_state', 'Does not take its state back when somebody changed it.', async (call) => {
    if (call.accepted('confirm') && call.state !== undefined) return said('The state is as it was.');
    return inputRequired({ inputRequests: { confirm: confirmation() }, requestState: await call.seal({ round: 1 }) });
  }),
  tool('capabilities', 'Asks only what the client can answer.', (call) => {
    if (Object.keys(call.answers).length > 0) return said('Answered.');
    const { elicitation, sampling, roots } = call.capabilities;
    const inputRequests = {
      ...(elicitation && { user_name: name() }),
      ...(sampling && { greeting: completion('Generate a greeting', 50) }),
      ...(roots && { client_roots: inputRequired.listRoots() }),
    };
    return Object.keys(inputRequests).length > 0 ? inputRequired({ inputRequests }) : said('Nothing can be asked.');
  }),
  {
    name: 'test_missing_capability',
    description: 'Cannot do without a model.',
    inputSchema: NOTHING,
    run: (_, call) =>
      call.answers.pong ? said('Sampled.') : inputRequired({ inputRequests: { pong: completion('Say pong', 10) } }),
  },
  {
    name: 'test_streaming_elicitation',
    description: 'Sends no request on the stream of its answer.',
    inputSchema: NOTHING,
    run: () => said('Nothing was asked.'),
  },
  {
    name: 'test_logging_tool',
    description: 'Logs to those who want it.',
    inputSchema: NOTHING,
    async run(_, call) {
      await call.log('info', 'Only for those who asked.');
      return said('Logged.');
    },
  },
  {
    name: 'test_x_mcp_header',
    description: 'One of its arguments is mirrored into a header.',
    inputSchema: {
      type: 'object',
      properties: { region: { type: 'string', 'x-mcp-header': 'Region' }, level: { type: 'integer' } },
    },
    run: ({ region }) => said(`region: ${region}`),
  },
  {
    name: 'test_trigger_tool_change',
    description: 'Says that the list of tools changed.',
    inputSchema: NOTHING,
    run(_, call) {
      call.announce('tools');
      return said('Announced.');
    },
  },
  {
    name: 'test_trigger_prompt_change',
    description: 'Says that the list of prompts changed.',
    inputSchema: NOTHING,
    run(_, call) {
      call.announce('prompts');
      return said('Announced.');
    },
  },
];

export const ROUND_PROMPTS = [
  {
    name: 'test_input_required_result_prompt',
    description: 'A prompt that asks the user first.',
    render(_, call) {
      const context = call.accepted('user_context')?.context;
      if (typeof context === 'string') return { messages: [{ role: 'user', content: text(`Context: ${context}`) }] };
      const user_context = question('What context should the prompt use?', { context: { type: 'string' } });
      return inputRequired({ inputRequests: { user_context } });
    },
  },
];
