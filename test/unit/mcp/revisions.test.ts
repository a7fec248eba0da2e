import { describe, expect, it } from 'vitest';
import { isModernError, isModernRevision, LEGACY_REVISIONS, MODERN_REVISIONS } from '../../../src/mcp/revisions.ts';

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
