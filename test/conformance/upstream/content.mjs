// What the suite's server scenarios ask of any server, free of any SDK: resources, prompts, and the tools that need
// nothing of the client. Names, URIs and most texts are the suite's.
const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC';
const SILENCE = 'UklGRiwAAABXQVZFZm10IBAAAAABAAEAQB8AAEAfAAABAAgAZGF0YQgAAACAgICAgICAgA==';

export const SERVER_INFO = { name: 'conformance-upstream', version: '1.0.0' };

export const CAPABILITIES = {
  tools: { listChanged: true },
  prompts: { listChanged: true },
  resources: { subscribe: true, listChanged: true },
  logging: {},
  completions: {},
};

export const text = (words) => ({ type: 'text', text: words });
export const said = (words) => ({ content: [text(words)] });
const image = { type: 'image', data: PIXEL, mimeType: 'image/png' };
const embedded = (uri, mimeType, words) => ({ type: 'resource', resource: { uri, mimeType, text: words } });

/** The schema of an object whose named members are all required. */
export const required = (properties) => ({ type: 'object', properties, required: Object.keys(properties) });
const NOTHING = required({});

// The suite looks at what arrives in between, so these take their time; nothing waits for these pauses to be over.
const moment = () => new Promise((resolve) => setTimeout(resolve, 50));

/** `run(args, call)`; `call` is what a carrier offers: progressToken, notify(method, params), log(level, data). */
export const PLAIN_TOOLS = [
  {
    name: 'test_simple_text',
    description: 'One block of text.',
    inputSchema: NOTHING,
    run: () => said('This is a simple text response for testing.'),
  },
  {
    name: 'test_image_content',
    description: 'One image.',
    inputSchema: NOTHING,
    run: () => ({ content: [image] }),
  },
  {
    name: 'test_audio_content',
    description: 'One piece of audio.',
    inputSchema: NOTHING,
    run: () => ({ content: [{ type: 'audio', data: SILENCE, mimeType: 'audio/wav' }] }),
  },
  {
    name: 'test_embedded_resource',
    description: 'One embedded resource.',
    inputSchema: NOTHING,
    run: () => ({
      content: [embedded('test://embedded-resource', 'text/plain', 'This is an embedded resource content.')],
    }),
  },
  {
    name: 'test_multiple_content_types',
    description: 'Text, an image and an embedded resource in one result.',
    inputSchema: NOTHING,
    run: () => ({
      content: [
        text('Multiple content types test:'),
        image,
        embedded('test://mixed-content-resource', 'application/json', '{"test":"data","value":123}'),
      ],
    }),
  },
  {
    name: 'test_error_handling',
    description: 'Fails every time.',
    inputSchema: NOTHING,
    run() {
      throw new Error('This tool intentionally returns an error for testing');
    },
  },
  {
    name: 'test_tool_with_logging',
    description: 'Three log messages, then a result.',
    inputSchema: NOTHING,
    async run(_, call) {
      await call.log('info', 'Tool execution started');
      await moment();
      await call.log('info', 'Tool processing data');
      await moment();
      await call.log('info', 'Tool execution completed');
      return said('Three messages were logged.');
    },
  },
  {
    name: 'test_tool_with_progress',
    description: 'Three reports of progress, then a result.',
    inputSchema: NOTHING,
    async run(_, call) {
      const { progressToken } = call;
      for (const progress of [0, 50, 100]) {
        if (progress > 0) await moment();
        if (progressToken === undefined) continue;
        await call.notify('notifications/progress', { progressToken, progress, total: 100 });
      }
      return said(`Progress was reported under ${JSON.stringify(progressToken ?? null)}.`);
    },
  },
  {
    name: 'json_schema_2020_12_tool',
    description: 'Takes arguments described with the vocabulary of JSON Schema 2020-12.',
    inputSchema: {
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      type: 'object',
      $defs: {
        address: {
          $anchor: 'addressDef',
          type: 'object',
          properties: { street: { type: 'string' }, city: { type: 'string' } },
        },
      },
      properties: {
        name: { type: 'string' },
        address: { $ref: '#/$defs/address' },
        contactMethod: { type: 'string', enum: ['phone', 'email'] },
        phone: { type: 'string' },
        email: { type: 'string' },
      },
      allOf: [{ anyOf: [{ required: ['phone'] }, { required: ['email'] }] }],
      if: { properties: { contactMethod: { const: 'phone' } }, required: ['contactMethod'] },
      then: { required: ['phone'] },
      else: { required: ['email'] },
      additionalProperties: false,
    },
    run: (args) => said(JSON.stringify(args)),
  },
];

export const RESOURCES = [
  {
    name: 'static-text',
    uri: 'test://static-text',
    description: 'Text that never changes.',
    mimeType: 'text/plain',
    body: { text: 'This is the content of the static text resource.' },
  },
  {
    name: 'static-binary',
    uri: 'test://static-binary',
    description: 'Bytes that never change.',
    mimeType: 'image/png',
    body: { blob: PIXEL },
  },
  {
    name: 'watched-resource',
    uri: 'test://watched-resource',
    description: 'Something to subscribe to.',
    mimeType: 'text/plain',
    body: { text: 'Watched.' },
  },
];

export const TEMPLATE = {
  name: 'template',
  uriTemplate: 'test://template/{id}/data',
  description: 'Data of an id.',
  mimeType: 'application/json',
  read: (id) => JSON.stringify({ id, templateTest: true, data: `Data for ID: ${id}` }),
};

const asked = (...content) => ({ messages: content.map((block) => ({ role: 'user', content: block })) });
const argument = (name, description) => ({ name, description, required: true });

export const PROMPTS = [
  {
    name: 'test_simple_prompt',
    description: 'A prompt without arguments.',
    render: () => asked(text('This is a simple prompt for testing.')),
  },
  {
    name: 'test_prompt_with_arguments',
    description: 'A prompt with two arguments.',
    arguments: [argument('arg1', 'First test argument'), argument('arg2', 'Second test argument')],
    render: ({ arg1, arg2 }) => asked(text(`Prompt with arguments: arg1='${arg1}', arg2='${arg2}'`)),
  },
  {
    name: 'test_prompt_with_embedded_resource',
    description: 'A prompt that carries a resource.',
    arguments: [argument('resourceUri', 'URI of the resource to embed')],
    render: ({ resourceUri }) =>
      asked(
        embedded(resourceUri, 'text/plain', 'Embedded resource content for testing.'),
        text('Please process the embedded resource above.'),
      ),
  },
  {
    name: 'test_prompt_with_image',
    description: 'A prompt that carries an image.',
    render: () => asked(image, text('Please analyze the image above.')),
  },
];
