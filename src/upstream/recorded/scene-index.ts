/** Finds the scene of a recording that fits a message, without a search through the recording. */
import { createHash } from 'node:crypto';
import { decode, isObject, peekText, withoutMembers } from '../../core/json.ts';
import type { Call, Reply } from '../../core/jsonrpc.ts';

/** What the server said on its own: a notification, or a question whose answer it waited for. */
export interface RecordedStep {
  readonly kind: 'notification' | 'question';
  readonly call: Call;
}

/** A message of the client, and what the server did then. */
export interface Scene {
  readonly call: Call;
  /** What belongs to the request, in order. */
  readonly during: RecordedStep[];
  /** Undefined: the server never answered. */
  reply: Reply | undefined;
  /** What belongs to no request, and came after this message. */
  readonly after: RecordedStep[];
  used: boolean;
}

export class SceneIndex {
  /** By method, and tool, prompt, resource or task. */
  readonly #bySubject = new Map<string, Scenes>();
  /** By these and the parameters. */
  readonly #byParameters = new Map<string, Scenes>();

  constructor(scenes: Iterable<Scene>) {
    for (const scene of scenes) {
      add(this.#bySubject, subjectKey(scene.call), scene);
      add(this.#byParameters, parametersKey(scene.call), scene);
    }
  }

  /**
   * The scene that fits a message best: one that was not played yet before one that was, the same parameters before the
   * same tool, prompt, resource or task. Undefined when nothing of the kind was recorded.
   */
  find(call: Call): Scene | undefined {
    const same = this.#bySubject.get(subjectKey(call));
    if (!same) return undefined;
    const equal = this.#byParameters.get(parametersKey(call));
    return equal?.fresh() ?? same.fresh() ?? equal?.last ?? same.last;
  }
}

/** Scenes in the order of the recording. */
class Scenes {
  readonly #scenes: Scene[] = [];
  /** All before this one were played. */
  #next = 0;

  get last(): Scene | undefined {
    return this.#scenes.at(-1);
  }

  add(scene: Scene): void {
    this.#scenes.push(scene);
  }

  /** The first one that was not played yet. */
  fresh(): Scene | undefined {
    while (this.#scenes[this.#next]?.used) this.#next++;
    return this.#scenes[this.#next];
  }
}

function add(index: Map<string, Scenes>, key: string, scene: Scene): void {
  const scenes = index.get(key) ?? new Scenes();
  index.set(key, scenes);
  scenes.add(scene);
}

function subjectKey({ method, params }: Call): string {
  const subject =
    peekText(params, 'name') ??
    peekText(params, 'uri') ??
    peekText(params, 'taskId') ??
    peekText(params, 'ref', 'name') ??
    peekText(params, 'ref', 'uri');
  return JSON.stringify([method, subject]);
}

/** A digest, because arguments may be large. */
function parametersKey(call: Call): string {
  const own = isObject(call.params) ? canonical(decode(withoutMembers(call.params, ['_meta']))) : '';
  return createHash('sha256')
    .update(`${subjectKey(call)}\n${own}`)
    .digest('base64');
}

/** JSON text that is the same for the same value, whatever the order of its members. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, member: unknown) => {
    if (typeof member !== 'object' || member === null || Array.isArray(member)) return member;
    // Neither an array nor another object looks like this.
    return { '': Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)) };
  });
}
