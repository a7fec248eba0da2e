// Runs every behaviour in every cell.
import type { Subject } from '../stdio/subject.ts';
import { BEHAVIOURS, Refused } from './behaviours.ts';
import { CLIENTS, Column, SERVERS } from './peers.ts';

/** `yes`, the code or the words of a refusal, or `lost: …` when neither came. */
export type Outcome = string;

/** The outcome of each behaviour, by its name. */
export type Outcomes = ReadonlyMap<string, Outcome>;

export interface Observed {
  /** What each server does for a client of its own era without the program, by its name. */
  readonly direct: ReadonlyMap<string, Outcomes>;
  /** By the names of client and server. */
  readonly cells: ReadonlyMap<string, ReadonlyMap<string, Outcomes>>;
}

export async function observeAll(): Promise<Observed> {
  const columns = await Promise.all(
    SERVERS.map(async (kind) => {
      const column = await Column.start(kind);
      try {
        const direct = inOne(column.direct(), `direct to ${kind.name}`, kind.streams);
        const through: Outcomes[] = [];
        // One after the other: clients of a local server of 2026-07-28 share its process, and a log message does not say
        // which of the open calls it belongs to.
        for (const way of CLIENTS) {
          through.push(await inOne(column.connect(way), `${way.name} to ${kind.name}`, kind.streams));
        }
        return { kind, direct: await direct, through };
      } finally {
        await column.close();
      }
    }),
  );
  return {
    direct: new Map(columns.map(({ kind, direct }) => [kind.name, direct])),
    cells: new Map(
      CLIENTS.map(({ name }, row) => {
        const cells = columns.map(({ kind, through }) => [kind.name, through[row] as Outcomes] as const);
        return [name, new Map(cells)];
      }),
    ),
  };
}

/** One client, one behaviour after the other. */
async function inOne(connecting: Promise<Subject>, key: string, streams: boolean): Promise<Outcomes> {
  const subject = await connecting;
  const outcomes = new Map<string, Outcome>();
  try {
    // Until its GET stream is open, a client of a session misses what belongs to no request.
    if (streams && !subject.modern) await subject.tool('await-stream');
    for (const { name, run } of BEHAVIOURS) {
      // SDK v2 throws, instead of rejecting, for what its revision does not have.
      const outcome = await Promise.resolve()
        .then(() => run({ subject, key, streams }))
        .then(() => 'yes', refusalOf);
      outcomes.set(name, outcome);
    }
  } finally {
    await subject.close();
  }
  return outcomes;
}

function refusalOf(error: Error & { code?: unknown }): Outcome {
  if (error instanceof Refused) return error.message;
  if (typeof error.code === 'number') return String(error.code);
  if (error.code === 'METHOD_NOT_SUPPORTED_BY_PROTOCOL_VERSION') return 'not in its revision';
  return `lost: ${error.code ?? ''} ${error.message}`;
}
