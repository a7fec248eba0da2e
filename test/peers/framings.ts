// Event streams that say the same, in every legal form: two messages, one after the other. Whatever else they hold must
// make no difference.
export const FRAMINGS: readonly (readonly [name: string, write: (first: string, second: string) => string])[] = [
  ['LF', (first, second) => `data: ${first}\n\ndata: ${second}\n\n`],
  ['CRLF', (first, second) => `data: ${first}\r\n\r\ndata: ${second}\r\n\r\n`],
  ['CR', (first, second) => `data: ${first}\r\rdata: ${second}\r\r`],
  ['mixed line ends', (first, second) => `data: ${first}\r\n\rdata: ${second}\r\n\n`],
  ['a byte order mark', (first, second) => `\ufeffdata: ${first}\n\ndata: ${second}\n\n`],
  ['a byte order mark and CRLF', (first, second) => `\ufeffdata: ${first}\r\n\r\ndata: ${second}\r\n\r\n`],
  ['no space after the colon', (first, second) => `data:${first}\n\ndata:${second}\n\n`],
  ['comments', (first, second) => `: hi\n\n:\ndata: ${first}\n: in between\n\n:ping\n\ndata: ${second}\n:end\n\n`],
  ['event names', (first, second) => `event: message\ndata: ${first}\n\nevent:message\ndata: ${second}\n\n`],
  [
    'other events',
    (first, second) => `event: ping\ndata: x\n\ndata: ${first}\n\nevent: ping\ndata: {}\n\ndata: ${second}\n\n`,
  ],
  ['empty data', (first, second) => `data:\n\ndata: \n\ndata\n\ndata: ${first}\n\ndata:\n\ndata: ${second}\n\n`],
  ['unknown fields', (first, second) => `foo: bar\nbaz\ndata: ${first}\nid\n\nretry: soon\ndata: ${second}\n\n`],
  ['ids and retry', (first, second) => `id: 1\nretry: 10\ndata: ${first}\n\nid: 2\nretry: 10\ndata: ${second}\n\n`],
  ['ids of any shape', (first, second) => `id: a b/€\ndata: ${first}\n\nid: x\u0000y\ndata: ${second}\n\n`],
  [
    'data over several lines',
    (first, second) => `data: ${first.replace(/,/g, '\ndata: ,')}\n\ndata: ${second.replace(/,/g, ',\ndata:')}\n\n`,
  ],
  [
    'data over several lines that end in CRLF',
    (first, second) =>
      `data: ${first.replace(/,/g, '\r\ndata: ,')}\r\n\r\ndata: ${second.replace(/,/g, ',\r\ndata:')}\r\n\r\n`,
  ],
  ['messages in an array', (first, second) => `data: [${first},${second}]\n\n`],
  ['noise that is no JSON', (first, second) => `data: hello\n\ndata: ${first}\n\ndata: {"a":\n\ndata: ${second}\n\n`],
];
