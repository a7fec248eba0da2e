// The large result, built the same way by the server that sends it and by the
// driver that checks it. Escapes, non-ASCII text and an integer no double can
// hold make it a payload that re-serialising would change or slow down.
const PARAGRAPH = 'The quick brown fox jumps over the lazy dog; "quoted" text, a tab\\t, naïve café 日本語.\n';

const built = new Map();

/** The JSON text of a `tools/call` result of about `size` bytes. */
export function largeResult(size) {
  let text = built.get(size);
  if (text === undefined) {
    const paragraph = JSON.stringify(PARAGRAPH).slice(1, -1);
    const body = paragraph.repeat(Math.ceil(size / Buffer.byteLength(paragraph)));
    text = Buffer.from(`{"n":12345678901234567890,"content":[{"type":"text","text":"${body}"}]}`);
    built.set(size, text);
  }
  return text;
}
