// The clients and the judge against the server itself, where nothing can go astray: and a judge who is shown what went
// astray has to see it.
import { afterEach, expect, it } from 'vitest';
import { closeCounting, type Form, startCounting } from '../../peers/http/counting-server.ts';
import type { Actor, Kind } from './actor.ts';
import { bringTogether, type Company, nobody, ownSessions } from './company.ts';

let company: Company | undefined;

afterEach(async () => {
  await company?.close();
  company = undefined;
  await closeCounting();
});

async function meet(form: Form, kinds: Kind[], clients: number): Promise<Company> {
  const { url, ledger } = await startCounting(form);
  const { origin } = new URL(url);
  const more = { calls: 12, seed: 1, refuses: nobody, cancelledEnds: false };
  company = await bringTogether({ origin, kinds, clients, ledger, hearers: ownSessions, ...more });
  return company;
}

it.each<[Form, Kind[]]>([
  ['streamable', ['streamable']],
  ['sse', ['sse']],
  ['modern', ['modern']],
  ['dual', ['streamable', 'modern']],
])('%s: everything is with its owner', async (form, kinds) => {
  const { verdict, actors, stage } = await meet(form, kinds, 20);
  expect(verdict()).toEqual([]);
  // Everybody has used the same ids.
  const ids = actors.map(
    (actor) => new Set(stage.book.calls.filter((call) => call.actor === actor).map(({ id }) => id)),
  );
  for (const set of ids) for (const id of [0, '0', 1, '1', 5, '5']) expect(set.has(id)).toBe(true);
});

it('whatever goes astray is seen', async () => {
  const { verdict, actors, stage } = await meet('streamable', ['streamable'], 12);
  expect(verdict()).toEqual([]);
  // Two who have got some of everything.
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
    expect(verdict()).not.toEqual([]);
    other.push(gone as never);
    expect(verdict().some((line) => line.includes(two.name))).toBe(true);
    other.pop();
    mine.splice(at, 0, gone as never, gone as never);
    expect(verdict()).not.toEqual([]);
    mine.splice(at, 1);
    expect(verdict()).toEqual([]);
  };
  lost((text) => text.includes('"content"'));
  lost((text) => text.includes('notifications/progress'));
  lost((text) => text.includes('resources/updated'));
  lost((text) => text.includes('list_changed'));
  lost((text) => text.includes('elicitation/create'));
  lost((text) => text.includes('notifications/message'));

  // Two calls whose answers have changed places.
  const answers = mine.filter(({ message }) => message.result?.content !== undefined);
  const [first, second] = answers as [(typeof answers)[0], (typeof answers)[0]];
  const swap = (): void => {
    [first.message.id, second.message.id] = [second.message.id as never, first.message.id as never];
  };
  swap();
  expect(verdict()).toHaveLength(2);
  swap();
  const { nonce } = stage.book.calls[0] as { nonce: string };
  stage.ledger.ran(nonce);
  expect(verdict()).toEqual([`${nonce} ran 2 times`]);
});
