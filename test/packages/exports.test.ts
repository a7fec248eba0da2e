// The built files export the same bindings in fewer bytes than the bundler's, and take each of them once.
import { expect, it } from 'vitest';
import { changingExports, exportedTogether, takenOnce } from '../../scripts/exports.mjs';

const getter = (name: string, value: string): string =>
  `Object.defineProperty(exports,"${name}",{enumerable:!0,get:function(){return ${value}}})`;

function exportsOf(code: string): Record<string, unknown> {
  const exported: Record<string, unknown> = {};
  new Function('exports', code)(exported);
  return exported;
}

const code = `function f(){n++;[l]=[2];return n}const c=1;let n=0,l=1,k=3;f.k=(c=>c++)(1);${[
  getter('f', 'f'),
  getter('n', 'n'),
  getter('c', 'c'),
  getter('l', 'l'),
  'exports.d=c+k',
  getter('t', '`text`'),
].join(',')};`;

it('exports constants together', () => {
  const text = exportedTogether(code);
  expect(text).toContain('Object.assign(exports,{f:f,c:c,d:c+k});');
  expect(Object.keys(exportsOf(text)).sort()).toEqual(Object.keys(exportsOf(code)).sort());
});

it('exports the values that bindings have later', () => {
  const exported = exportsOf(exportedTogether(code));
  (exported.f as () => number)();
  expect({ ...exported, f: undefined }).toEqual({ f: undefined, n: 1, c: 1, l: 2, d: 4, t: 'text' });
});

it('knows the exports that may change later', () => {
  expect(changingExports(exportedTogether(code)).sort()).toEqual(['l', 'n', 't']);
});

it('takes what a file uses of another one out of its exports once', () => {
  const user =
    'const of_it = require("../it.cjs");\nexports.all = () => [(0, of_it.f)(1), { f: of_it.d }, of_it.f(2), "of_it.f"];';
  const { code: text, names } = takenOnce(user, '../it.cjs');
  expect(names).toEqual(['f', 'd']);
  const reads: string[] = [];
  const it = {
    get f() {
      reads.push('f');
      return (x: number) => x + 1;
    },
    get d() {
      reads.push('d');
      return 7;
    },
  };
  const made: { all?: () => unknown } = {};
  new Function('exports', 'require', text)(made, () => it);
  expect([made.all?.(), made.all?.()]).toEqual(Array(2).fill([2, { f: 7 }, 3, 'of_it.f']));
  expect(reads).toEqual(['f', 'd']);
});

it('leaves a file alone that does not use the other one', () => {
  expect(takenOnce('const a = require("./other.cjs");a.b();', '../it.cjs').names).toEqual([]);
});

it('does not take exports out of an object that is used as a whole', () => {
  expect(() => takenOnce('const a = require("../it.cjs");a.b(a);', '../it.cjs')).toThrow(/only used for its members/);
});
