// Counts what runs instead of measuring time: how many times each function and each block of the source is entered.
import { Session } from 'node:inspector';
import { setFlagsFromString } from 'node:v8';

interface Coverage {
  readonly result: readonly {
    readonly url: string;
    readonly functions: readonly {
      readonly functionName: string;
      readonly ranges: readonly { readonly count: number }[];
    }[];
  }[];
}

export interface Steps {
  /** Entries into blocks, those of loops included. */
  readonly all: number;
  /** Calls of one function. */
  of(name: string): number;
}

const session = new Session();
session.connect();

function post(method: string, params = {}): unknown {
  let answer: unknown;
  // Within one thread the answer is there at once.
  session.post(method, params, (error, result) => {
    if (error) throw error;
    answer = result;
  });
  return answer;
}

// In an optimized function, some blocks would count more or less often.
setFlagsFromString('--no-opt');
setFlagsFromString('--no-maglev');
setFlagsFromString('--no-sparkplug');
// From here on. The profiler counts the blocks of a function only if it was active when the function was compiled.
post('Profiler.enable');
post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });

/** What has run in `src` since the last time. */
function take(): Coverage['result'] {
  const { result } = post('Profiler.takePreciseCoverage') as Coverage;
  return result.filter(({ url }) => url.includes('/src/'));
}

/** Runs something, and counts its steps in `src`. The first run of a function may count for less. */
export function stepsOf(work: () => void): Steps {
  take();
  work();
  const counts = take()
    .flatMap(({ functions }) => functions)
    .map(({ functionName, ranges }) => ({
      name: functionName,
      calls: ranges[0]?.count ?? 0,
      entries: ranges.reduce((sum, { count }) => sum + count, 0),
    }));
  return {
    all: counts.reduce((sum, { entries }) => sum + entries, 0),
    of: (name) => counts.filter((one) => one.name === name).reduce((sum, { calls }) => sum + calls, 0),
  };
}
