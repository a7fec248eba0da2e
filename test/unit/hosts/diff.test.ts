import { expect, it } from 'vitest';
import { difference } from '../../../src/hosts/diff.ts';

it.each([
  ['a\n', 'a\n', []],
  ['', 'a\nb\n', ['+ a', '+ b']],
  ['a\nb\n', '', ['- a', '- b']],
  ['1\n2\n3\n4\n5\n6\n7\n8\n', '1\n2\n3\n4\nx\n5\n6\n7\n8\n', ['  2', '  3', '  4', '+ x', '  5', '  6', '  7']],
  ['{\r\n a\r\n}\r\n', '{\r\n a,\r\n b\r\n}\r\n', ['  {', '-  a', '+  a,', '+  b', '  }']],
  ['a\na\n', 'a\na\na\n', ['  a', '  a', '+ a']],
])('from %j to %j', (before, after, expected) => {
  expect(difference(before, after)).toEqual(expected);
});

it('shows only the surroundings of a change in a long line', () => {
  const [removed = '', added = ''] = difference(
    `${'a'.repeat(900)}1${'b'.repeat(900)}`,
    `${'a'.repeat(900)}23${'b'.repeat(900)}`,
  );
  expect(removed).toBe(`- …${'a'.repeat(60)}1${'b'.repeat(60)}…`);
  expect(added).toBe(`+ …${'a'.repeat(60)}23${'b'.repeat(60)}…`);
});
