// The clients and the judge without the proxy, where nothing can be misdelivered; the judge must notice it when a test
// misdelivers something.
import { afterEach, expect, it } from 'vitest';
import { closeCounting, type Form, startCounting } from '../../peers/http/counting-server.ts';
import type { Actor, Kind } from './actor.ts';
import { type Load, nobody, ownSessions, startLoad } from './load.ts';

let load: Load | undefined;

afterEach(async () => {
  await load?.close();
  load = undefined;
  await closeCounting();
});

async function meet(form: Form, kinds: Kind[], clients: number): Promise<Load> {
  const { url, ledger } = await startCounting(form);
  const { origin } = new URL(url);
  const more = { calls: 12, seed: 1, refuses: nobody, cancelledEnds: false };
  load = await startLoad({ origin, kinds, clients, ledger, hearers: ownSessions, ...more });
  return load;
}

it.each<[Form, Kind[]]>([
  ['streamable', ['streamable']],
  ['sse', ['sse']],
  ['modern', ['modern']],
  ['dual', ['streamable', 'modern']],
])('%s: everything is with its owner', async (form, kinds) => {
  const { faults, actors, workload } = await meet(form, kinds, 20);
  expect(faults()).toEqual([]);
  // All clients have used the same ids.
  const ids = actors.map(
    (actor) => new Set(workload.expectations.calls.filter((call) => call.actor === actor).map(({ id }) => id)),
  );
  for (const set of ids) for (const id of [0, '0', 1, '1', 5, '5']) expect(set.has(id)).toBe(true);
});

it('the checks notice every message that is lost, duplicated or misdelivered', async () => {
  const { faults, actors, workload } = await meet('streamable', ['streamable'], 12);
  expect(faults()).toEqual([]);
  // Two clients that have got something of every kind.
  const kinds = ['progress', 'message', 'resources/updated', 'tools/list_changed'].map(
    (kind) => `notifications/${kind}`,
  );
  const [one, two] = actors.filter(({ client: { arrivals } }) =>
    [...kinds, 'elicitation/create'].every((method) => arrivals.of(method).length > 0),
  ) as [Actor, Actor];
  const mine = one.conversation.arrivals.all;
  const other = two.conversation.arrivals.all;

  const lost = (what: (text: string) => boolean): void => {
    const at = mine.findIndex(({ text }) => what(text));
    expect(at).toBeGreaterThanOrEqual(0);
    const [gone] = mine.splice(at, 1);
    expect(faults()).not.toEqual([]);
    other.push(gone as never);
    expect(faults().some((line) => line.includes(two.name))).toBe(true);
    other.pop();
    mine.splice(at, 0, gone as never, gone as never);
    expect(faults()).not.toEqual([]);
    mine.splice(at, 1);
    expect(faults()).toEqual([]);
  };
  lost((text) => text.includes('"content"'));
  lost((text) => text.includes('notifications/progress'));
  lost((text) => text.includes('resources/updated'));
  lost((text) => text.includes('list_changed'));
  lost((text) => text.includes('elicitation/create'));
  lost((text) => text.includes('notifications/message'));

  // Two calls whose answers are exchanged.
  const answers = mine.filter(({ message }) => message.result?.content !== undefined);
  const [first, second] = answers as [(typeof answers)[0], (typeof answers)[0]];
  const swap = (): void => {
    [first.message.id, second.message.id] = [second.message.id as never, first.message.id as never];
  };
  swap();
  expect(faults()).toHaveLength(2);
  swap();
  const { nonce } = workload.expectations.calls[0] as { nonce: string };
  workload.ledger.ran(nonce);
  expect(faults()).toEqual([`${nonce} ran 2 times`]);
});
