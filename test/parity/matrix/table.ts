// What the suite has observed, as a part of docs/compatibility.md.
import { BEHAVIOURS } from './behaviours.ts';
import type { Observed, Outcome } from './observe.ts';
import { BEGIN, END } from './page.ts';
import { CLIENTS, SERVERS } from './peers.ts';
import { REFUSALS } from './refusals.ts';

export function matrixOf(observed: Observed): string {
  return [
    BEGIN,
    '## Every transport and both eras',
    `The official TypeScript SDKs on both ends, with the proxy between them. Sessions are those of 2024-11-05 to 2025-11-25. Each cell: how many of the ${BEHAVIOURS.length} behaviours below work.`,
    markdown(countRows(observed)),
    'A cell of the next table says what comes of a behaviour for the five clients: yes, or the error or the word for what comes instead.',
    markdown(behaviourRows(observed)),
    meanings(),
    'Log messages on stdio and over HTTP+SSE do not say which call they belong to. While several calls of HTTP clients of 2026-07-28 are open in one session, the proxy drops them. At a local server of 2026-07-28, a message goes to the only open call that wants its level; if several calls want it, the proxy drops it.',
    END,
  ].join('\n\n');
}

type Row = readonly string[];

function outcomeOf({ cells }: Observed, client: string, server: string, behaviour: string): Outcome {
  return cells.get(client)?.get(server)?.get(behaviour) ?? 'not run';
}

function countRows(observed: Observed): Row[] {
  const cell = (client: string, server: string): string => {
    const all = BEHAVIOURS.filter(({ name }) => outcomeOf(observed, client, server, name) === 'yes');
    return String(all.length);
  };
  return [
    ['client ↓, server →', ...SERVERS.map(({ name, sdk }) => `${name} (${sdk})`)],
    ...CLIENTS.map(({ name, client }) => {
      return [`${name} (${client.slice(0, 6)})`, ...SERVERS.map((server) => cell(name, server.name))];
    }),
  ];
}

function behaviourRows(observed: Observed): Row[] {
  const cell = (behaviour: string, server: string): string => {
    const byOutcome = groupedBy(CLIENTS, ({ name }) => outcomeOf(observed, name, server, behaviour));
    if (byOutcome.size === 1) return [...byOutcome.keys()].join();
    const eras = [...byOutcome].map(([outcome, clients]) => `${outcome} (${erasOf(clients.map(({ name }) => name))})`);
    return eras.join(', ');
  };
  return [
    ['behaviour', ...SERVERS.map(({ name }) => name)],
    ...BEHAVIOURS.map(({ name }) => [name, ...SERVERS.map((server) => cell(name, server.name))]),
  ];
}

/** The clients, by their era where all of it are among them. */
function erasOf(names: readonly string[]): string {
  const isModern = (name: string): boolean => name.endsWith('2026-07-28');
  const modern = names.filter(isModern);
  const sessions = names.filter((name) => !isModern(name));
  const all = (era: boolean): number => CLIENTS.filter(({ name }) => isModern(name) === era).length;
  if (sessions.length === all(false) && modern.length === 0) return 'sessions';
  if (modern.length === all(true) && sessions.length === 0) return '2026-07-28';
  return names.join('; ');
}

function meanings(): string {
  return REFUSALS.map(({ outcome, behaviours, why }) => `- ${outcome} (${behaviours.join(', ')}): ${why}`).join('\n');
}

function markdown([head = [], ...rows]: readonly Row[]): string {
  const line = (row: Row): string => `| ${row.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

function groupedBy<T>(all: readonly T[], key: (one: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const one of all) groups.set(key(one), [...(groups.get(key(one)) ?? []), one]);
  return groups;
}
