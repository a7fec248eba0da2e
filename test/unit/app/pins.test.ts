import { expect, it } from 'vitest';
import { pinsOf } from '../../../src/app/policy/pins.ts';
import { parseUrl } from '../../../src/core/url.ts';

it('copies of a running server see the same pins, also those that are only in memory', () => {
  const server = { kind: 'http', url: parseUrl('https://server.example/mcp') } as Parameters<
    typeof pinsOf
  >[0]['server'];
  const running = { server, environment: {}, pins: {} };
  expect(pinsOf({ ...running })).toBe(pinsOf(running));
});
