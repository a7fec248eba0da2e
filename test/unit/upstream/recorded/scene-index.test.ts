import { describe, expect, it } from 'vitest';
import type { Call } from '../../../../src/core/jsonrpc.ts';
import { type Scene, SceneIndex } from '../../../../src/upstream/recorded/scene-index.ts';

const callOf = (method: string, params?: string): Call => ({ method, ...(params && { params: Buffer.from(params) }) });

/** Scenes whose answer is their number. */
const indexOf = (...calls: readonly Call[]): SceneIndex =>
  new SceneIndex(
    calls.map((call, n): Scene => {
      return { call, during: [], reply: { result: Buffer.from(String(n)) }, after: [], used: false };
    }),
  );

/** Plays the scene that fits; its number. */
function play(index: SceneIndex, call: Call): number | undefined {
  const scene = index.find(call);
  if (!scene) return undefined;
  scene.used = true;
  return scene.reply && 'result' in scene.reply ? Number(scene.reply.result) : undefined;
}

const echo = (args: string, meta = ''): Call => callOf('tools/call', `{"name":"echo","arguments":${args}${meta}}`);

describe('the scene for a message', () => {
  it('has the same parameters, whatever their order and their _meta', () => {
    const index = indexOf(echo('{"a":1,"b":[2]}'), echo('{"a":2}'));
    expect(play(index, echo('{"a":2}', ',"_meta":{"progressToken":7}'))).toBe(1);
    expect(play(index, callOf('tools/call', '{"arguments":{"b":[2],"a":1},"name":"echo"}'))).toBe(0);
  });

  it('is the next one of the same tool where none has the same parameters', () => {
    const index = indexOf(echo('{"a":1}'), callOf('tools/call', '{"name":"other"}'), echo('{"a":2}'));
    expect([play(index, echo('{"a":3}')), play(index, echo('{"a":4}'))]).toEqual([0, 2]);
  });

  it('is the last one once all were played, with the same parameters if there is one', () => {
    const index = indexOf(echo('{"a":1}'), echo('{"a":2}'));
    for (const args of ['{"a":1}', '{"a":2}']) play(index, echo(args));
    expect([play(index, echo('{"a":1}')), play(index, echo('{"a":9}'))]).toEqual([0, 1]);
  });

  it('keeps the order of equal messages, such as looks at a task', () => {
    const look = callOf('tasks/get', '{"taskId":"t-1"}');
    const index = indexOf(look, callOf('tasks/get', '{"taskId":"t-2"}'), look);
    expect([1, 2, 3].map(() => play(index, look))).toEqual([0, 2, 2]);
  });

  it('is none for another method, another tool, or an array that looks like the arguments', () => {
    const index = indexOf(echo('{"a":1}'), callOf('vendor/x', '{"v":[["a",1]]}'), callOf('vendor/x', '{"v":{"a":1}}'));
    expect(index.find(callOf('tools/list'))).toBeUndefined();
    expect(index.find(callOf('tools/call', '{"name":"other"}'))).toBeUndefined();
    expect(play(index, callOf('vendor/x', '{"v":{"a":1}}'))).toBe(2);
  });

  it('is found without a search: messages that were played are not looked at again', () => {
    const MANY = 2_000;
    let looks = 0;
    const calls = Array.from({ length: MANY }, (_, n) => echo(`{"n":${n}}`));
    const scenes = calls.map((call): Scene => {
      let used = false;
      return {
        call,
        during: [],
        reply: undefined,
        after: [],
        get used() {
          looks++;
          return used;
        },
        set used(now) {
          used = now;
        },
      };
    });
    const index = new SceneIndex(scenes);
    for (const _ of calls) {
      const scene = index.find(echo('{"n":"none"}'));
      if (scene) scene.used = true;
    }
    expect(looks).toBeLessThanOrEqual(3 * MANY);
  });
});
