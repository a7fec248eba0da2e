import { describe, expect, it } from 'vitest';
import { JsonError } from '../../../src/core/json.ts';
import {
  declaredRevision,
  isModernError,
  isModernRevision,
  LEGACY_REVISIONS,
  MODERN_REVISIONS,
} from '../../../src/mcp/revisions.ts';

const withParams = (params: string) => ({ method: 'm', params: Buffer.from(params) });

describe('revisions', () => {
  it('belong to one era each', () => {
    for (const revision of MODERN_REVISIONS) expect(isModernRevision(revision)).toBe(true);
    for (const revision of [...LEGACY_REVISIONS, '', '2026-07-29', '2026', 'DRAFT-2026-v1'])
      expect(isModernRevision(revision)).toBe(false);
  });

  it.each([
    [-32020, true],
    [-32021, true],
    [-32022, true],
    [-32019, false],
    [-32023, false],
    [-32601, false],
    [undefined, false],
  ])('the code %s', (code, modern) => {
    expect(isModernError(code)).toBe(modern);
  });
});

describe('the revision a call declares', () => {
  it.each([
    ['{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}', '2026-07-28'],
    ['{"a":1,"_meta":{"x":{},"io.modelcontextprotocol\\/protocolVersion" : "2099-01-01"}}', '2099-01-01'],
    ['{"\\u005fmeta":{"io.modelcontextprotocol/protocolV\\u0065rsion":"2026-07-28"}}', '2026-07-28'],
    ['{"_meta":{"io.modelcontextprotocol/protocolVersion":20260728}}', undefined],
    ['{"_meta":{"io.modelcontextprotocol/clientInfo":{}}}', undefined],
    ['{"_meta":{"progressToken":1}}', undefined],
    ['{"arguments":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}}', undefined],
    ['{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}', undefined],
    ['{}', undefined],
  ])('%s', (params, revision) => {
    expect(declaredRevision(withParams(params))).toBe(revision);
  });

  it('is none without params', () => {
    expect(declaredRevision({ method: 'm' })).toBeUndefined();
  });

  it.each([
    '{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol\\/protocolVersion":"2025-11-25"}}',
    '{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"},"_meta":{}}',
  ])('is refused where it stands twice: %s', (params) => {
    expect(() => declaredRevision(withParams(params))).toThrow(JsonError);
  });
});
