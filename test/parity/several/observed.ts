// How a client of joined servers is prepared and compared with one that is connected to the server under test alone.
import { expect, it } from 'vitest';
import { unordered } from '../replicas/unordered.ts';
import { observe, type Server } from '../stdio/behaviour.ts';
import type { Subject } from '../stdio/subject.ts';
import type { Contender } from '../stdio/suite.ts';
import { JOINED_BEHAVIOURS } from './behaviours.ts';
import { isOther, OTHER_TOOLS } from './other-servers.ts';

/** Each of the servers under test can send what belongs to no request. */
const STREAMS: Server = { streams: true };

/** Waits until both are quiet, and until the joined one has the tools of all servers. */
export async function settle(contender: Contender, direct: Subject, joined: Subject): Promise<void> {
  await contender.settle(direct, STREAMS);
  for (let names = new Set<unknown>(); !(names.has('echo') && OTHER_TOOLS.every((name) => names.has(name))); ) {
    names = new Set((await everything(joined, 'tools/list')).map(({ name }) => name));
  }
  await contender.settle(joined, STREAMS);
  // A change of the list that this one has already got may still be on its way; this one comes behind it.
  if (!joined.modern) {
    const mark = joined.wire.mark();
    await joined.tool('announce', { what: 'prompts' });
    await joined.wire.notified(mark, 'notifications/prompts/list_changed');
  }
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
  const chosen = JOINED_BEHAVIOURS.filter(({ name }) => !without.includes(name));
  for (const behaviour of isUnordered ? unordered(chosen) : chosen) {
    it(behaviour.name, async () => {
      const { direct, joined, meanwhile } = subjects();
      const both = async (): Promise<unknown[]> => [
        await observe(behaviour, direct, STREAMS),
        await observe(behaviour, joined, STREAMS),
      ];
      const [expected, actual] = await Promise.race([both(), ...(meanwhile ? [meanwhile] : [])]);
      expect(actual).toEqual(expected);
    });
  }

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
