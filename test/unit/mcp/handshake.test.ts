// The handshake for which the proxy opens a connection or answers itself.
import { describe, expect, it } from 'vitest';
import type { Json } from '../../../src/core/json.ts';
import {
  discoverCall,
  discoverResult,
  initializeCall,
  initializeResult,
  ourselves,
  PING_REQUEST,
  requestedRevision,
} from '../../../src/mcp/handshake.ts';

const json = (text: string): Json => Buffer.from(text);
const P = 'io.modelcontextprotocol/';

/** A text that would change on its way through JavaScript values. */
const EXACT = '{"name": "\\u0063", "n":1e400}';

describe('a session that the proxy opens', () => {
  it('is opened with the newest revision, and lets the server ask for nothing', () => {
    const { method, params, ...rest } = initializeCall(ourselves('1.2.3'));
    expect([method, rest]).toEqual(['initialize', {}]);
    expect(JSON.parse(String(params))).toEqual({
      protocolVersion: '2025-11-25',
      capabilities: {},
      clientInfo: { name: 'mcp-proxy', version: '1.2.3' },
    });
  });

  it('names a client as it names itself, byte for byte', () => {
    expect(String(initializeCall(json(EXACT)).params)).toContain(`"clientInfo":${EXACT}}`);
  });
});

describe('the revision that an initialize asks for', () => {
  it.each([
    ['{"protocolVersion":"2025-11-25"}', '2025-11-25'],
    ['{"protocolVersion":"2024-11-05"}', '2024-11-05'],
    ['{"protocolVersion":"2026-07-28"}', undefined],
    ['{"protocolVersion":"2024-10-07"}', undefined],
    ['{"protocolVersion":20251125}', undefined],
    ['{"protocolVersion":"2025-11-25","protocolVersion":"2024-11-05"}', undefined],
    ['{}', undefined],
    ['[]', undefined],
  ])('%s: %s', (params, revision) => {
    expect(requestedRevision({ method: 'initialize', params: json(params) })).toBe(revision);
  });

  it('is none without params', () => {
    expect(requestedRevision({ method: 'initialize' })).toBeUndefined();
  });
});

describe('the question for the revisions of a server', () => {
  it('has the envelope of the call in whose name it is asked, and nothing else of it', () => {
    const own = `"${P}protocolVersion":"2026-07-28","${P}clientCapabilities":{}`;
    const params = json(`{"name":"x","_meta":{"progressToken":1,${own}}}`);
    const asked = discoverCall({ method: 'tools/call', params });
    expect([asked.method, String(asked.params)]).toEqual(['server/discover', `{"_meta":{${own}}}`]);
  });
});

describe('the answer in the place of a server', () => {
  it('to initialize names the server only where it is known', () => {
    const capabilities = json('{"tools" :{}}');
    expect(String(initializeResult('2025-06-18', { capabilities, serverInfo: json(EXACT) }))).toBe(
      `{"protocolVersion":"2025-06-18","capabilities":{"tools" :{}},"serverInfo":${EXACT}}`,
    );
    expect(JSON.parse(String(initializeResult('2025-06-18', { capabilities, serverInfo: undefined })))).toEqual({
      protocolVersion: '2025-06-18',
      capabilities: { tools: {} },
    });
  });

  it('to server/discover is a whole result of the modern era that nobody keeps', () => {
    const least = {
      resultType: 'complete',
      supportedVersions: ['2026-07-28'],
      capabilities: {},
      ttlMs: 0,
      cacheScope: 'private',
    };
    const capabilities = json('{}');
    expect(JSON.parse(String(discoverResult({ capabilities, serverInfo: undefined })))).toEqual(least);
    const whole = discoverResult({ capabilities, serverInfo: json(EXACT), instructions: json('"Do\\u002e"') });
    expect(String(whole)).toContain(`"_meta":{"${P}serverInfo":${EXACT}},"instructions":"Do\\u002e"}`);
    expect(JSON.parse(String(whole))).toMatchObject(least);
  });
});

describe('the harmless question', () => {
  it('is a whole JSON-RPC request', () => {
    expect(Buffer.concat(PING_REQUEST).toString()).toBe('{"jsonrpc":"2.0","id":1,"method":"ping"}');
  });
});
