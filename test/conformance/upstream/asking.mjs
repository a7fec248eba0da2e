// Tools of the revisions before 2026-07-28: in the middle of a call they send a request to the client, or cut the
// stream their answer was to come on. `call` also has ask(method, params) and dropStream().
import { required, said } from './content.mjs';

const words = { type: 'string' };
const shown = ({ action, content = {} }) => `action=${action}, content=${JSON.stringify(content)}`;

const options = (kind) =>
  ['First', 'Second', 'Third'].map((title, index) => ({ const: `value${index + 1}`, title: `${title} ${kind}` }));

const WITH_DEFAULTS = {
  type: 'object',
  properties: {
    name: { type: 'string', description: 'Name', default: 'John Doe' },
    age: { type: 'integer', description: 'Age', default: 30 },
    score: { type: 'number', description: 'Score', default: 95.5 },
    status: { type: 'string', description: 'Status', enum: ['active', 'inactive', 'pending'], default: 'active' },
    verified: { type: 'boolean', description: 'Verified', default: true },
  },
};

const EVERY_ENUM = {
  type: 'object',
  properties: {
    untitledSingle: { type: 'string', enum: ['option1', 'option2', 'option3'] },
    titledSingle: { type: 'string', oneOf: options('Option') },
    legacyEnum: {
      type: 'string',
      enum: ['opt1', 'opt2', 'opt3'],
      enumNames: ['Option One', 'Option Two', 'Option Three'],
    },
    untitledMulti: { type: 'array', items: { type: 'string', enum: ['option1', 'option2', 'option3'] } },
    titledMulti: { type: 'array', items: { anyOf: options('Choice') } },
  },
};

export const ASKING_TOOLS = [
  {
    name: 'test_sampling',
    description: 'Asks the model of the client.',
    inputSchema: required({ prompt: words }),
    async run({ prompt }, call) {
      const messages = [{ role: 'user', content: { type: 'text', text: prompt } }];
      const { content } = await call.ask('sampling/createMessage', { messages, maxTokens: 100 });
      return said(`LLM response: ${content.text}`);
    },
  },
  {
    name: 'test_elicitation',
    description: 'Asks the user of the client.',
    inputSchema: required({ message: words }),
    async run({ message }, call) {
      const requestedSchema = required({
        username: { ...words, description: "User's response" },
        email: { ...words, description: "User's email address" },
      });
      return said(`User response: ${shown(await call.ask('elicitation/create', { message, requestedSchema }))}`);
    },
  },
  {
    name: 'test_elicitation_sep1034_defaults',
    description: 'Asks the user with a default for every primitive type.',
    inputSchema: required({}),
    async run(_, call) {
      const params = { message: 'Is this right?', requestedSchema: WITH_DEFAULTS };
      return said(`Elicitation completed: ${shown(await call.ask('elicitation/create', params))}`);
    },
  },
  {
    name: 'test_elicitation_sep1330_enums',
    description: 'Asks the user with every form of a choice.',
    inputSchema: required({}),
    async run(_, call) {
      const params = { message: 'Which?', requestedSchema: EVERY_ENUM };
      return said(`Elicitation completed: ${shown(await call.ask('elicitation/create', params))}`);
    },
  },
  {
    name: 'test_reconnection',
    description: 'Cuts the stream of its own call; the answer waits for the client to come back for it.',
    inputSchema: required({}),
    async run(_, call) {
      await call.dropStream();
      return said('Reconnection test completed successfully.');
    },
  },
];
