// What a legacy server says, as a modern client gets it over the bridge.
import { describe, expect, it } from 'vitest';
import { Cancellation } from '../../../../src/core/cancel.ts';
import type { Exchange, Handler, Session } from '../../../../src/core/exchange.ts';
import { ProxyError } from '../../../../src/errors.ts';
import { downgrade } from '../../../../src/layers/bridge/downgrade.ts';

import { SILENT, sessionOf } from '../exchanges.ts';

function exchange(method: string): Exchange {
  return {
    call: { method, params: Buffer.from('{}') },
    signal: new Cancellation().signal,
    notify: () => undefined,
    ask: () => Promise.reject(new Error('asked')),
    room: () => undefined,
    abort: () => {},
  };
}

/** The bridge in front of a server that refuses the modern era. */
function bridged(handler: Handler): Session {
  let opened = false;
  const server: Session = {
    ...sessionOf(async (exchange) => {
      opened ||= exchange.call.method === 'initialize';
      if (!opened) throw new ProxyError('no-common-version', 'not modern');
      return handler(exchange);
    }),
    era: 'legacy',
  };
  return downgrade('1.2.3')(() => server)(SILENT);
}

async function answer(method: string, texts: Record<string, string>): Promise<Record<string, unknown>> {
  const session = bridged(async ({ call }) => ({ result: Buffer.from(texts[call.method] ?? '{}') }));
  const reply = await session.request({ ...exchange(method), promised: () => 'modern' });
  if ('error' in reply) throw new Error(reply.error.toString());
  return JSON.parse(reply.result.toString());
}

const META_INFO = 'io.modelcontextprotocol/serverInfo';

describe('the discover result', () => {
  it.each(['null', '""', '[]', '7', 'true'])('leaves out what is %s', async (value) => {
    const initialize = `{"protocolVersion":${value},"capabilities":${value},"serverInfo":${value},"instructions":${value}}`;
    expect(await answer('server/discover', { initialize })).toEqual({
      resultType: 'complete',
      supportedVersions: ['2026-07-28'],
      capabilities: {},
      ttlMs: 0,
      cacheScope: 'private',
    });
  });

  it('has what is there', async () => {
    const initialize = '{"capabilities":{"tools":{}},"serverInfo":{"name":"s"},"instructions":"Do."}';
    expect(await answer('server/discover', { initialize })).toMatchObject({
      capabilities: { tools: {} },
      _meta: { [META_INFO]: { name: 's' } },
      instructions: 'Do.',
    });
  });
});

describe('a list', () => {
  it.each(['null', '""', '[]', '{}', '-1', 'true', '"7"'])('gets cache hints in the place of %s', async (value) => {
    const list = `{"tools":[],"ttlMs":${value},"cacheScope":${value},"resultType":${value === '"7"' ? 'null' : value}}`;
    expect(await answer('tools/list', { 'tools/list': list })).toEqual({
      tools: [],
      ttlMs: 0,
      cacheScope: 'private',
      resultType: 'complete',
    });
  });

  it('keeps the ones that are good', async () => {
    const list = '{"tools":[],"ttlMs":5,"cacheScope":"public","resultType":"vendor"}';
    expect(await answer('tools/list', { 'tools/list': list })).toEqual(JSON.parse(list));
  });

  it('that could be read in two ways passes as it is', async () => {
    expect(await answer('tools/list', { 'tools/list': '{"tools":[],"tools":[1]}' })).toEqual({ tools: [1] });
  });
});

describe('the session of the server', () => {
  it.each([
    ['{}', { name: 'mcp-proxy', version: '1.2.3' }],
    ['{"_meta":{"io.modelcontextprotocol/clientInfo":{"name":"c"}}}', { name: 'c' }],
  ])('is opened in the name of the client, or else of this program: %s', async (params, clientInfo) => {
    const opened: unknown[] = [];
    const session = bridged(async ({ call }) => {
      if (call.method === 'initialize') opened.push(JSON.parse(String(call.params)));
      return { result: Buffer.from('{}') };
    });
    const call = { method: 'tools/list', params: Buffer.from(params) };
    await session.request({ ...exchange('tools/list'), call, promised: () => 'modern' });
    expect(opened).toMatchObject([{ clientInfo }]);
  });
});
