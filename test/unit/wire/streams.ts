// Event streams and the events that a reader must find in them, in the order of the standard's own rules
// (https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation).

export interface ExpectedEvent {
  readonly data: string;
  /** `message` where it is not given. */
  readonly type?: string;
  readonly id?: string | undefined;
}

export interface Stream {
  readonly name: string;
  readonly text: string | Buffer;
  /** Events that carry data. */
  readonly events: readonly ExpectedEvent[];
  readonly retry?: number;
}

const BOM = '\ufeff';

export const STREAMS: readonly Stream[] = [
  { name: 'nothing', text: '', events: [] },
  { name: 'blank lines only', text: '\n\n\r\n\r\r\n', events: [] },
  { name: 'one event', text: 'data: hello\n\n', events: [{ data: 'hello' }] },
  { name: 'an event that is not finished', text: 'data: one\n\ndata: two\n', events: [{ data: 'one' }] },
  { name: 'a line that is not finished', text: 'data: one\n\ndata: two', events: [{ data: 'one' }] },
  { name: 'line ends with LF', text: 'data: a\ndata: b\n\ndata: c\n\n', events: [{ data: 'a\nb' }, { data: 'c' }] },
  {
    name: 'line ends with CR LF',
    text: 'data: a\r\ndata: b\r\n\r\ndata: c\r\n\r\n',
    events: [{ data: 'a\nb' }, { data: 'c' }],
  },
  { name: 'line ends with CR', text: 'data: a\rdata: b\r\rdata: c\r\r', events: [{ data: 'a\nb' }, { data: 'c' }] },
  {
    name: 'line ends of all kinds',
    text: 'data: a\rdata: b\n\r\ndata: c\r\n\ndata: d\n\r',
    events: [{ data: 'a\nb' }, { data: 'c' }, { data: 'd' }],
  },
  { name: 'LF CR is two line ends', text: 'data: a\n\rdata: b\n\r', events: [{ data: 'a' }, { data: 'b' }] },
  { name: 'a byte order mark', text: `${BOM}data: a\n\ndata: b\n\n`, events: [{ data: 'a' }, { data: 'b' }] },
  { name: 'a byte order mark in data', text: `data: ${BOM}a\n\n`, events: [{ data: `${BOM}a` }] },
  {
    name: 'a second byte order mark makes an unknown field',
    text: `${BOM}${BOM}data: a\n\ndata: b\n\n`,
    events: [{ data: 'b' }],
  },
  {
    name: 'a byte order mark later on makes an unknown field',
    text: `data: a\n\n${BOM}data: b\n\n`,
    events: [{ data: 'a' }],
  },
  {
    name: 'no space, one space, several spaces',
    text: 'data:a\n\ndata: a\n\ndata:  a\n\ndata:\ta\n\ndata: a \n\n',
    events: [{ data: 'a' }, { data: 'a' }, { data: ' a' }, { data: '\ta' }, { data: 'a ' }],
  },
  { name: 'colons in data', text: 'data: a:b: c\n\ndata::\n\n', events: [{ data: 'a:b: c' }, { data: ':' }] },
  { name: 'several data lines, some empty', text: 'data: a\ndata:\ndata\ndata: b\n\n', events: [{ data: 'a\n\n\nb' }] },
  { name: 'two empty data lines are one newline', text: 'data\ndata\n\n', events: [{ data: '\n' }] },
  {
    name: 'comments anywhere',
    text: ':\n: hi\ndata: a\n:in between\ndata: b\n\n:data: c\n\n: bye\n\n',
    events: [{ data: 'a\nb' }],
  },
  {
    name: 'heartbeats between events',
    text: ': ping\n\ndata: a\n\n: ping\n\n: ping\n\ndata: b\n\n',
    events: [{ data: 'a' }, { data: 'b' }],
  },
  {
    name: 'event types',
    text: 'event: add\ndata: 1\n\ndata: 2\n\nevent:remove\ndata: 3\n\n',
    events: [{ type: 'add', data: '1' }, { data: '2' }, { type: 'remove', data: '3' }],
  },
  { name: 'an event type after its data', text: 'data: 1\nevent: late\n\n', events: [{ type: 'late', data: '1' }] },
  {
    name: 'the last of several event types',
    text: 'event: a\nevent: b\ndata: 1\n\n',
    events: [{ type: 'b', data: '1' }],
  },
  {
    name: 'an empty event type',
    text: 'event: a\nevent:\ndata: 1\n\nevent\ndata: 2\n\n',
    events: [{ data: '1' }, { data: '2' }],
  },
  { name: 'an event type without data is forgotten', text: 'event: add\n\ndata: 1\n\n', events: [{ data: '1' }] },
  {
    name: 'ids stay until the next one',
    text: 'id: 1\ndata: a\n\ndata: b\n\nid: 2\ndata: c\n\n',
    events: [
      { data: 'a', id: '1' },
      { data: 'b', id: '1' },
      { data: 'c', id: '2' },
    ],
  },
  { name: 'an id after its data', text: 'data: a\nid: x y\n\n', events: [{ data: 'a', id: 'x y' }] },
  { name: 'an id that comes alone counts', text: 'id: 7\n\ndata: a\n\n', events: [{ data: 'a', id: '7' }] },
  {
    name: 'an empty id takes the id away',
    text: 'id: 1\ndata: a\n\nid\ndata: b\n\nid: 2\ndata: c\n\nid:\ndata: d\n\n',
    events: [
      { data: 'a', id: '1' },
      { data: 'b', id: '' },
      { data: 'c', id: '2' },
      { data: 'd', id: '' },
    ],
  },
  {
    name: 'an id with a NUL is none',
    text: 'id: 1\ndata: a\n\nid: 2\u00003\ndata: b\n\nid: \u0000\ndata: c\n\n',
    events: [
      { data: 'a', id: '1' },
      { data: 'b', id: '1' },
      { data: 'c', id: '1' },
    ],
  },
  { name: 'NUL in data', text: 'data: a\u0000b\n\n', events: [{ data: 'a\u0000b' }] },
  {
    name: 'fields nobody knows',
    text: 'foo: 1\ndata: a\nDATA: b\n data: c\ndata : d\ndatax: e\nEvent: f\n\n',
    events: [{ data: 'a' }],
  },
  { name: 'a field without a colon', text: 'nothing\ndata: a\nid\n\n', events: [{ data: 'a', id: '' }] },
  { name: 'a reconnection time', text: 'retry: 2500\ndata: a\n\n', events: [{ data: 'a' }], retry: 2500 },
  { name: 'a reconnection time that comes alone', text: 'retry:17\n\n', events: [], retry: 17 },
  { name: 'the last reconnection time', text: 'retry: 5\n\nretry: 6\ndata: a\n\n', events: [{ data: 'a' }], retry: 6 },
  {
    name: 'reconnection times that are none',
    text: 'retry: 1s\nretry: -5\nretry:\nretry\nretry: 1.5\nretry: 0x1\nretry:  7\nretry: 7 \nretry: \u0661\n\n',
    events: [],
  },
  { name: 'a good reconnection time before a bad one', text: 'retry: 9\nretry: soon\n\n', events: [], retry: 9 },
  {
    name: 'characters of every length',
    text: 'data: aé世🧪\nevent: é世🧪\nid: é世🧪\n\n',
    events: [{ type: 'é世🧪', data: 'aé世🧪', id: 'é世🧪' }],
  },
  {
    name: 'line separators of Unicode are no line ends',
    text: 'data: a\u2028b\u2029c\u0085d\u000be\u000cf\n\n',
    events: [{ data: 'a\u2028b\u2029c\u0085d\u000be\u000cf' }],
  },
  {
    name: 'a priming event as servers of MCP send it',
    text: 'id: s_0\nretry: 1000\ndata: \n\nevent: message\nid: s_1\ndata: {"jsonrpc":"2.0","id":1,"result":{}}\n\n',
    events: [
      { data: '', id: 's_0' },
      { data: '{"jsonrpc":"2.0","id":1,"result":{}}', id: 's_1' },
    ],
    retry: 1000,
  },
  {
    name: 'an endpoint event as servers of MCP send it',
    text: 'event: endpoint\r\ndata: /message?sessionId=1\r\n\r\n: ping\r\n\r\nevent: message\r\ndata: {}\r\n\r\n',
    events: [{ type: 'endpoint', data: '/message?sessionId=1' }, { data: '{}' }],
  },
  {
    name: 'pretty-printed JSON, a data line each',
    text: 'data: {\ndata:   "a": 1\ndata: }\n\n',
    events: [{ data: '{\n  "a": 1\n}' }],
  },
];
