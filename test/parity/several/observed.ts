// How a client of joined servers is prepared and compared with one that is connected to the server under test alone.
import { expect, it } from 'vitest';
import { unordered } from '../replicas/unordered.ts';
import { type Observation, observe, type Server } from '../stdio/behaviour.ts';
import type { Subject } from '../stdio/subject.ts';
import type { Contender } from '../stdio/suite.ts';
import { JOINED_BEHAVIOURS } from './behaviours.ts';
import { isOther, OTHER_TOOLS } from './other-servers.ts';

/** Each of the servers under test can send what belongs to no request. */
const STREAMS: Server = { streams: true };
const LIST_CHANGED = /^notifications\/(tools|prompts|resources)\/list_changed$/;

/** Waits until both are quiet, and until the joined one has the tools of all servers. */
export async function settle(contender: Contender, direct: Subject, joined: Subject): Promise<void> {
  await contender.settle(direct, STREAMS);
  for (let names = new Set<unknown>(); !(names.has('echo') && OTHER_TOOLS.every((name) => names.has(name))); ) {
    names = new Set((await everything(joined, 'tools/list')).map(({ name }) => name));
  }
  await contender.settle(joined, STREAMS);
}

/**
 * One test for each behaviour, and one for each list.
 * @param subjects the same client, connected directly and to the joined servers
 * @param without behaviours that cannot be the same, by name
 * @param isUnordered whether nothing orders what the server logs and the answers of calls
 */
export function compare(
  subjects: () => { direct: Subject; joined: Subject; meanwhile?: Promise<never> },
  without: readonly string[] = [],
  isUnordered = false,
): void {
  const late: string[] = [];
  let announced = false;
  const chosen = JOINED_BEHAVIOURS.filter(({ name }) => !without.includes(name));
  for (const behaviour of isUnordered ? unordered(chosen) : chosen) {
    it(behaviour.name, async () => {
      const { direct, joined, meanwhile } = subjects();
      const both = async (): Promise<readonly [Observation, Observation]> => [
        await observe(behaviour, direct, STREAMS),
        await observe(behaviour, joined, STREAMS),
      ];
      const [expected, actual] = await Promise.race([both(), ...(meanwhile ? [meanwhile] : [])]);
      announced ||= expected.events.apart.some(isListChange);
      // From the first change that was asked for on, one more is one too many: dozens of round trips have passed.
      if (!announced) late.push(...takeLate(expected, actual));
      expect(actual).toEqual(expected);
    });
  }

  it('heard no more of the lists of the other servers than a sign-in can change', () => {
    // The tools are told twice when the sign-in ends while they are being read.
    const allowed = ['tools', 'tools', 'prompts', 'resources'].map((list) => `notifications/${list}/list_changed`);
    for (const method of late) expect(allowed.splice(allowed.indexOf(method), 1), late.join()).toEqual([method]);
  });

  it.each(['tools/list', 'resources/list', 'resources/templates/list', 'prompts/list'])(
    '%s has all of it',
    async (method) => {
      const { direct, joined } = subjects();
      const all = await everything(direct, method);
      const own = (await everything(joined, method)).filter(({ uri, uriTemplate, name }) => {
        return !isOther(String(uri ?? uriTemplate ?? name));
      });
      expect(own).toEqual(all);
    },
  );
}

const isListChange = ({ method = '' }: { method?: string }): boolean => LIST_CHANGED.test(method);

/**
 * Takes the list changes of other servers out of what the joined client received, and returns their methods: the
 * server that is signed in to has new lists at a time that nothing here decides.
 */
function takeLate({ events: direct }: Observation, { events: joined }: Observation): string[] {
  const expected = direct.apart.map((event) => JSON.stringify(event));
  const late: string[] = [];
  joined.apart = joined.apart.filter((event) => {
    const at = expected.indexOf(JSON.stringify(event));
    if (at >= 0) expected.splice(at, 1);
    const isLate = at < 0 && isListChange(event);
    if (isLate) late.push(event.method as string);
    return !isLate;
  });
  return late;
}

async function everything(subject: Subject, method: string): Promise<Record<string, unknown>[]> {
  const all: Record<string, unknown>[] = [];
  let cursor: string | undefined;
  do {
    const page = (await subject.request(method, cursor === undefined ? {} : { cursor })) as Record<string, unknown>;
    const entries = Object.values(page).find(Array.isArray) as Record<string, unknown>[];
    all.push(...entries);
    cursor = page.nextCursor as string | undefined;
  } while (cursor !== undefined);
  return all;
}
