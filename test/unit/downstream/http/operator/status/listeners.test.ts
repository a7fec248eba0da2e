// A browser that shows the status page gets what has changed, and nothing while it does not read.
import type { ServerResponse } from 'node:http';
import { expect, it } from 'vitest';
import { PageListener } from '../../../../../../src/downstream/http/operator/status/listeners.ts';

function response() {
  const written: string[] = [];
  const res = {
    destroyed: false,
    writableEnded: false,
    writableNeedDrain: false,
    writeHead: () => res,
    flushHeaders: () => {},
    write: (text: string) => written.push(text),
    end: () => {},
  };
  return { res, written, listener: new PageListener(res as unknown as ServerResponse, 'here') };
}

const of = (title: string, parts: Record<string, string>) => ({ title, parts: new Map(Object.entries(parts)) });

it('gets each part once, and again when it has changed', () => {
  const { listener, written } = response();
  const now = Date.now();
  listener.send(of('t', { a: '<p>\n"</p>', b: 'b' }), now);
  listener.send(of('t', { a: '<p>\n"</p>', b: 'c' }), now);
  listener.send(of('t', { a: '<p>\n"</p>', b: 'c' }), now);
  expect(written).toEqual([
    'event: title\ndata: "t"\n\nevent: part\ndata: "<p>\\n\\"</p>"\n\nevent: part\ndata: "b"\n\n',
    'event: part\ndata: "c"\n\n',
  ]);
});

it('gets a comment when nothing has changed for a while', () => {
  const { listener, written } = response();
  const now = Date.now();
  listener.send(of('t', {}), now);
  listener.send(of('t', {}), now + 14_000);
  listener.send(of('t', {}), now + 16_000);
  expect(written.slice(1)).toEqual([':\n\n']);
});

it('gets nothing while it does not read, and then what is there', () => {
  const { listener, written, res } = response();
  const now = Date.now();
  res.writableNeedDrain = true;
  for (let n = 0; n < 1_000; n++) listener.send(of('t', { a: `${n}` }), now);
  expect(written).toEqual([]);
  res.writableNeedDrain = false;
  listener.send(of('t', { a: 'last' }), now);
  expect(written).toEqual(['event: title\ndata: "t"\n\nevent: part\ndata: "last"\n\n']);
});
