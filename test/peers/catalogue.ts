// The fixed parts of the feature definition: resources, templates, prompts; more of each than one page has.

export const SERVER_INFO = { name: 'feature-server', title: 'Feature Server ✓', version: '3.2.1' };

/** A request method that is in no specification. */
export const VENDOR_METHOD = 'acme/inspect';

export const PAGE_SIZE = 3;

/** One transparent pixel. */
export const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==';
export const WAV = 'UklGRiYAAABXQVZFZm10IBAAAAABAAEAQB8AAAB9AAACABAAZGF0YQIAAAA=';

export const WATCHED_URI = 'acme://watched';

export const RESOURCES = [
  {
    uri: 'acme://plain',
    name: 'plain',
    title: 'Plain text',
    description: 'Text with what breaks naive framing',
    mimeType: 'text/plain',
    annotations: { audience: ['user'], priority: 0.25 },
    contents: { text: 'line one\nline two\r\n\u2028data: not an event\n\n' },
  },
  { uri: 'acme://binary', name: 'binary', mimeType: 'image/png', size: 70, contents: { blob: PNG } },
  { uri: WATCHED_URI, name: 'watched', mimeType: 'text/plain', contents: { text: 'watched' } },
  {
    uri: 'acme://mit%20leerzeichen/ü',
    name: 'odd uri',
    mimeType: 'text/plain',
    contents: { text: 'odd' },
  },
  {
    uri: 'acme://meta',
    name: 'meta',
    mimeType: 'application/json',
    _meta: { 'acme/tag': { depth: [1, 2, { three: null }] } },
    contents: { text: '{"a":1}', _meta: { 'acme/part': 'of contents' } },
  },
];

export const RESOURCE_TEMPLATES = ['notes', 'drafts', 'letters', 'lists'].map((kind) => ({
  uriTemplate: `acme://${kind}/{id}`,
  name: kind,
  description: `One of the ${kind}`,
  mimeType: 'text/plain',
}));

type Given = Record<string, string>;
const text = (value: string): unknown => ({ type: 'text', text: value });

export const PROMPTS = [
  {
    name: 'greeting',
    description: 'Greets',
    messages: (): unknown[] => [{ role: 'user', content: text('Say hello.') }],
  },
  {
    name: 'letter',
    title: 'A letter',
    description: 'Two arguments, one of them required',
    arguments: [
      { name: 'to', description: 'Who gets it', required: true },
      { name: 'tone', description: 'How it sounds' },
    ],
    messages: ({ to, tone }: Given): unknown[] => [
      { role: 'user', content: text(`Write to ${to} in a ${tone ?? 'neutral'} tone.`) },
      { role: 'assistant', content: text('Dear …') },
    ],
  },
  {
    name: 'picture',
    description: 'Carries an image',
    messages: (): unknown[] => [{ role: 'user', content: { type: 'image', data: PNG, mimeType: 'image/png' } }],
  },
  {
    name: 'document',
    description: 'Embeds a resource',
    messages: (): unknown[] => [
      {
        role: 'user',
        content: { type: 'resource', resource: { uri: 'acme://plain', mimeType: 'text/plain', text: 'embedded' } },
      },
    ],
  },
];
