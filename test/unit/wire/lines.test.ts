import { describe, expect, it } from 'vitest';
import { asLine, LineReader } from '../../../src/wire/lines.ts';

interface Read {
  readonly lines: string[];
  readonly overflows: string[];
}

function read(pieces: readonly (string | Buffer)[], limit = 1_000, end = true): Read {
  const found: Read = { lines: [], overflows: [] };
  const reader = new LineReader(
    limit,
    (line) => found.lines.push(line.toString()),
    (head) => found.overflows.push(head.toString()),
  );
  for (const piece of pieces) reader.push(Buffer.from(piece));
  if (end) reader.end();
  return found;
}

describe('lines', () => {
  it.each([
    ['nothing', '', []],
    ['one line', 'a\n', ['a']],
    ['two lines', 'a\nb\n', ['a', 'b']],
    ['a last line without its end', 'a\nb', ['a', 'b']],
    ['line ends of Windows', 'a\r\nb\r\n', ['a', 'b']],
    ['blank lines', '\n\na\n\r\n\nb\n\n', ['a', 'b']],
    ['a CR inside a line', 'a\rb\n', ['a\rb']],
    ['a CR that ends the stream', 'a\r', ['a']],
    ['characters of several bytes', 'é世🧪\n{"a":"世"}\n', ['é世🧪', '{"a":"世"}']],
    ['separators of Unicode', 'a\u2028b\u0085c\n', ['a\u2028b\u0085c']],
    ['spaces', '  \n {} \n', ['  ', ' {} ']],
  ])('%s', (_, text, lines) => {
    const bytes = Buffer.from(text);
    expect(read([bytes]).lines).toEqual(lines);
    for (let at = 0; at <= bytes.length; at++)
      expect(read([bytes.subarray(0, at), bytes.subarray(at)]).lines).toEqual(lines);
    expect(read(Array.from(bytes, (_byte, i) => bytes.subarray(i, i + 1))).lines).toEqual(lines);
  });

  it('come as soon as their newline is there', () => {
    expect(read(['a\nb'], 1_000, false).lines).toEqual(['a']);
  });

  it('keep every byte, whatever it is', () => {
    const found: Buffer[] = [];
    const reader = new LineReader(
      1_000,
      (line) => found.push(line),
      () => {},
    );
    const line = Buffer.from(Array.from({ length: 256 }, (_, i) => i).filter((byte) => byte !== 0x0a && byte !== 0x0d));
    reader.push(Buffer.concat([line, Buffer.from('\n')]));
    expect(found).toEqual([line]);
  });

  it('may be large, and come in very many pieces', () => {
    const line = 'x'.repeat(2_000_000);
    const pieces = [...(line.match(/.{1,1000}/g) ?? []), '\n'];
    expect(read(pieces, 2_000_000).lines).toEqual([line]);
  });
});

describe('lines that are too long', () => {
  it('are told when they end, and skipped up to there', () => {
    expect(read(['1234567890', '1'], 10, false).overflows).toHaveLength(0);
    expect(read(['1234567890', '1'], 10).overflows).toHaveLength(1);
    expect(read(['ok\n12345678901', '234\n', 'next\n'], 10)).toEqual({
      lines: ['ok', 'next'],
      overflows: ['12345678901'],
    });
  });

  it('are told once, however long they go on', () => {
    const found = read([...Array.from({ length: 1_000 }, () => 'x'.repeat(100)), '\nnext\n'], 10);
    expect(found.overflows).toHaveLength(1);
    expect(found.lines).toEqual(['next']);
  });

  it('are lines of exactly one byte more than allowed', () => {
    expect(read(['1234567890\n'], 10)).toEqual({ lines: ['1234567890'], overflows: [] });
    expect(read(['12345678901\n'], 10)).toEqual({ lines: [], overflows: ['12345678901'] });
  });

  it('may come one after the other, and at the end of the stream', () => {
    expect(read(['x'.repeat(11), '\n', 'y'.repeat(11), '\nok\n', 'z'.repeat(11)], 10)).toEqual({
      lines: ['ok'],
      overflows: ['x'.repeat(11), 'y'.repeat(11), 'z'.repeat(11)],
    });
  });

  const message = '{"jsonrpc":"2.0","id":7,"method":"tools/call","params":';

  it('are told with what they begin with, so that their id can be found', () => {
    expect(read([`${message}${'x'.repeat(200)}`], 100).overflows[0]?.startsWith(message)).toBe(true);
  });

  it('are told with what they begin with after blank lines too', () => {
    expect(read(['\n', '\n\n', `${message}${'x'.repeat(200)}`], 100).overflows[0]?.startsWith(message)).toBe(true);
  });

  it('are told with what they begin with however the stream was cut', () => {
    const pieces = ['{"js', message.slice(4), 'x'.repeat(200)];
    expect(read(pieces, 100).overflows[0]?.startsWith(message)).toBe(true);
  });
});

describe('asLine', () => {
  const line = (...parts: string[]): string =>
    Buffer.concat([...asLine(parts.map((part) => Buffer.from(part)))]).toString();

  it('ends a frame with one newline', () => {
    expect(line('{"a":', '1', '}')).toBe('{"a":1}\n');
  });

  it('puts spaces where pretty-printed JSON has line ends', () => {
    expect(line('{"result":', '{\r\n  "a": "x\\ny"\n}', '}')).toBe('{"result":{    "a": "x\\ny" }}\n');
  });

  it('leaves the payload itself untouched', () => {
    const payload = Buffer.from('{\n}');
    asLine([payload, Buffer.from('}')]);
    expect(payload.toString()).toBe('{\n}');
  });

  it('does not copy a payload that has no line ends', () => {
    const payload = Buffer.alloc(100_000, 'x');
    expect(asLine([Buffer.from('{'), payload, Buffer.from('}')])).toContain(payload);
  });
});
