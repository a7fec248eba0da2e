// The built files export the same bindings in fewer bytes than the bundler's.
import { expect, it } from 'vitest';
import { exportedTogether } from '../../scripts/exports.mjs';

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
