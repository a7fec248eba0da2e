import { describe, expect, it } from 'vitest';
import { introductionOf, joinedIntroduction } from '../../../../src/layers/join/introductions.ts';

const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

function joined(...all: (object | undefined)[]) {
  const servers = all.map((result, at) => ({
    name: `s${at}`,
    introduction: result && introductionOf(json(result)),
  }));
  const { capabilities, instructions } = joinedIntroduction(servers, '1.2.3');
  return {
    capabilities: JSON.parse(capabilities.toString()),
    instructions: instructions && JSON.parse(instructions.toString()),
  };
}

describe('the introduction of several servers', () => {
  it('has the capabilities of all of them, whose lists may always change', () => {
    const one = { capabilities: { tools: {}, logging: {}, experimental: { a: { deep: 1 } } } };
    const two = {
      capabilities: {
        tools: { listChanged: false },
        resources: { subscribe: true },
        experimental: { a: { other: 2 }, b: {} },
      },
    };
    expect(joined(one, two).capabilities).toEqual({
      tools: { listChanged: true },
      logging: {},
      resources: { subscribe: true, listChanged: true },
      experimental: { a: { deep: 1, other: 2 }, b: {} },
    });
  });

  it('has anything where a server has not introduced itself', () => {
    expect(Object.keys(joined({ capabilities: {} }, undefined).capabilities)).toEqual([
      'tools',
      'prompts',
      'resources',
      'completions',
      'logging',
    ]);
  });

  it('has no tasks, because nothing in them names their server', () => {
    const extensions = { 'io.modelcontextprotocol/tasks': {}, 'io.modelcontextprotocol/ui': {} };
    expect(joined({ capabilities: { tasks: { list: {} }, extensions } }).capabilities).toEqual({
      extensions: { 'io.modelcontextprotocol/ui': {} },
    });
  });

  it('is not led astray by keys of objects', () => {
    const hostile = introductionOf(
      Buffer.from('{"capabilities":{"__proto__":{"polluted":true},"tools":{"constructor":1}}}'),
    );
    const { capabilities } = joinedIntroduction([{ name: 'a', introduction: hostile }], '1');
    expect(JSON.parse(capabilities.toString()).tools).toEqual({ constructor: 1, listChanged: true });
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });

  it('has the instructions of each under its name', () => {
    const told = joined({ instructions: 'Be kind.\n' }, {}, { instructions: 'Be brief.' });
    expect(told.instructions).toBe('# s0\n\nBe kind.\n\n# s2\n\nBe brief.');
    expect(joined({}).instructions).toBeUndefined();
  });
});
