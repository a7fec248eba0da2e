// Which log messages a request of 2026-07-28 wants.
import { expect, it } from 'vitest';
import { wantedLevel } from '../../../src/mcp/log-levels.ts';

const P = 'io.modelcontextprotocol/';

it.each([
  ['{}', undefined],
  [`{"_meta":{"${P}logLevel":"debug"}}`, 0],
  [`{"_meta":{"${P}logLevel":"emergency"}}`, 7],
  [`{"_meta":{"${P}logLevel":"loud"}}`, -1],
  [`{"_meta":{"${P}logLevel":7}}`, -1],
  [`{"logLevel":"debug"}`, undefined],
])('%s wants the level %s', (params, level) => {
  expect(wantedLevel({ method: 'tools/list', params: Buffer.from(params) })).toBe(level);
});
