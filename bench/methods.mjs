// What the benchmark's servers answer, over HTTP and over stdio alike.
import { largeResult } from './payload.mjs';

export const MODERN = '2026-07-28';
const LEGACY = ['2025-11-25', '2025-06-18', '2025-03-26'];
const INFO = { name: 'bench-upstream', version: '1.0.0' };
const TOOLS = ['echo', 'big'].map((name) => ({ name, description: name, inputSchema: { type: 'object' } }));

function call({ name, arguments: args }) {
  if (name === 'big') return largeResult(args.size);
  return JSON.stringify({ content: [{ type: 'text', text: String(args.text) }] });
}

/** The result's JSON text, or undefined for a method these servers do not have. */
export function resultOf({ method, params }, modern) {
  const complete = modern ? { resultType: 'complete' } : {};
  switch (method) {
    case 'initialize': {
      const protocolVersion = LEGACY.includes(params.protocolVersion) ? params.protocolVersion : LEGACY[0];
      return JSON.stringify({ protocolVersion, capabilities: { tools: {} }, serverInfo: INFO });
    }
    case 'server/discover':
      return JSON.stringify({
        ...complete,
        supportedVersions: [MODERN],
        capabilities: { tools: {} },
        ttlMs: 0,
        cacheScope: 'private',
      });
    case 'ping':
      return '{}';
    case 'tools/list':
      return JSON.stringify({ ...complete, tools: TOOLS, ...(modern && { ttlMs: 0, cacheScope: 'private' }) });
    case 'tools/call':
      return call(params);
  }
}
