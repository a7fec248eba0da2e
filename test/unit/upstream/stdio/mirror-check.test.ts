import { describe, expect, it } from 'vitest';
import { errorCode } from '../../../../src/core/jsonrpc.ts';
import { MirrorCheck } from '../../../../src/upstream/stdio/mirror-check.ts';

const tools = [
  {
    name: 'route',
    inputSchema: {
      type: 'object',
      properties: {
        region: { type: 'string', 'x-mcp-header': 'Region' },
        level: { type: 'integer', 'x-mcp-header': 'Level' },
      },
    },
  },
  { name: 'plain', inputSchema: { type: 'object', properties: { region: { type: 'string' } } } },
];

function check(name: string, args: object, mirrored: Record<string, string>): number | undefined {
  const checks = new MirrorCheck();
  checks.learn({ result: Buffer.from(JSON.stringify({ tools })) });
  const params = Buffer.from(JSON.stringify({ name, arguments: args }));
  const wrong = checks.mismatch({ method: 'tools/call', params }, mirrored);
  return wrong && errorCode(wrong);
}

describe('headers that mirror parameters', () => {
  it.each<[string, object, Record<string, string>]>([
    ['are equal', { region: 'eu', level: 3 }, { 'mcp-param-region': 'eu', 'mcp-param-level': '3' }],
    ['are encoded', { region: 'Zürich' }, { 'mcp-param-region': '=?base64?WsO8cmljaA==?=' }],
    ['are encoded without need', { region: 'Hello' }, { 'mcp-param-region': '=?base64?SGVsbG8=?=' }],
    [
      'look like an encoding and are none',
      { region: '=?base64?SGVsbG8=' },
      { 'mcp-param-region': '=?base64?SGVsbG8=' },
    ],
    ['are absent, as the parameters are', {}, {}],
  ])('match when they %s', (_, args, mirrored) => {
    expect(check('route', args, mirrored)).toBeUndefined();
  });

  it.each<[string, object, Record<string, string>]>([
    ['differ', { region: 'eu' }, { 'mcp-param-region': 'us' }],
    ['are missing', { region: 'eu' }, {}],
    ['mirror nothing', {}, { 'mcp-param-region': 'eu' }],
    ['lack padding', { region: 'Hello' }, { 'mcp-param-region': '=?base64?SGVsbG8?=' }],
    ['hold other characters', { region: 'Hello' }, { 'mcp-param-region': '=?base64?SGVs!!!bG8=?=' }],
  ])('do not when they %s', (_, args, mirrored) => {
    expect(check('route', args, mirrored)).toBe(-32020);
  });

  it('are not looked at for tools that ask for none, and for unknown ones', () => {
    expect(check('plain', { region: 'eu' }, { 'mcp-param-region': 'us' })).toBeUndefined();
    expect(check('unknown', {}, { 'mcp-param-region': 'us' })).toBeUndefined();
  });

  it('are forgotten with the tools', () => {
    const checks = new MirrorCheck();
    checks.learn({ result: Buffer.from(JSON.stringify({ tools })) });
    checks.forget();
    const params = Buffer.from('{"name":"route","arguments":{"region":"eu"}}');
    expect(checks.mismatch({ method: 'tools/call', params }, {})).toBeUndefined();
  });
});
