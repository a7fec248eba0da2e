/** What the behaviour of a program means to its user. Pure. */
import { printable } from '../../../../core/redact.ts';
import type { ProxyError } from '../../../../errors.ts';
import type { ChildEnd } from '../../../../upstream/stdio/child.ts';
import { type Finding, stepOf } from '../examination.ts';
import { counted } from '../next-step.ts';

/** How many folders to show. */
const SHOWN = 8;

export interface LookedFor {
  readonly command: string;
  /** Of the system's error. */
  readonly code: string;
  /** Those of PATH, in order. */
  readonly folders: readonly string[];
  /** Whether something else than the name is wrong, such as the working directory. */
  readonly isObstructed: boolean;
}

/** The program cannot be started. */
export function missingFinding(failure: ProxyError, { command, code, folders, isObstructed }: LookedFor): Finding {
  const { hint = 'start it by hand to see why' } = failure.data;
  const isInPath = !/[/\\]/.test(command);
  if (!isInPath || code !== 'ENOENT' || isObstructed) {
    return { mark: 'fail', text: failure.message, next: stepOf(hint) };
  }
  const more = folders.length > SHOWN ? [`and in ${folders.length - SHOWN} more`] : [];
  return {
    mark: 'fail',
    text: `there is no program called ${JSON.stringify(printable(command, 80))}`,
    details: [
      'it was looked for in the folders of PATH:',
      ...folders.slice(0, SHOWN).map((folder) => `- ${printable(folder, 200)}`),
      ...more,
    ],
    next: {
      say: `Install ${printable(command, 80)}, or check its spelling. If it is installed, give its full path after --.`,
    },
  };
}

/** What was heard of a program while it ran. */
export interface Heard {
  readonly end: ChildEnd | undefined;
  /** Whether it was stopped because it wrote without end. */
  readonly flooded: boolean;
  readonly noise: number;
  readonly firstNoise: string;
  readonly messages: number;
  readonly lastMessages: readonly string[];
}

/**
 * The session could not be opened.
 * @param byHand the command, to be typed in a terminal
 */
export function handshakeFinding(
  finding: Finding,
  { end, flooded, lastMessages, noise, firstNoise }: Heard,
  byHand: string,
): Finding {
  if (flooded) return floodFinding({ lastMessages, noise, firstNoise });
  const said = lastMessages.map((line) => `it said: ${line}`);
  const next = {
    say: 'Run the program by itself, correct what it complains about, then run the doctor again:',
    command: byHand,
  };
  if (end) return { mark: 'fail', text: `the program ${end.how} before it answered`, details: said, next };
  const heard =
    noise === 0
      ? []
      : [
          `it wrote ${counted(noise, 'line')} that ${noise === 1 ? 'is not a message' : 'are not messages'}: ${firstNoise}`,
        ];
  return { ...finding, details: [...(finding.details ?? []), ...heard, ...said], next };
}

/** The program writes on and on, and never answers. */
function floodFinding({
  noise,
  firstNoise,
  lastMessages,
}: Pick<Heard, 'noise' | 'firstNoise' | 'lastMessages'>): Finding {
  const first = noise === 0 ? (lastMessages[0] ?? '') : firstNoise;
  return {
    mark: 'fail',
    text: 'the program writes without end, and never answers',
    details: [...(first === '' ? [] : [`it begins with: ${first}`]), 'the doctor has stopped it'],
    next: {
      say: 'Check the command: an MCP server writes nothing on standard output but its answers. If it is the right one, look up in its documentation how to start it as an MCP server.',
    },
  };
}

/** What the program wrote on stdout. */
export function outputFinding({ flooded, noise, firstNoise }: Heard): Finding {
  if (flooded && noise === 0) return { mark: 'warn', text: 'not one message' };
  if (noise === 0) return { mark: 'ok', text: 'nothing but messages' };
  return {
    mark: 'warn',
    text: `${counted(noise, 'line')} on standard output ${noise === 1 ? 'is not a message' : 'are not messages'}`,
    details: [`the first one: ${firstNoise}`, 'mcp-proxy skips them; other clients may stop there'],
    next: {
      say: 'Make the program print such lines on standard error, or start it without the script that prints them.',
    },
  };
}

/** What the program wrote on stderr, which is for people. */
export function messagesFinding({ messages, lastMessages }: Heard): Finding {
  if (messages === 0) return { mark: 'ok', text: 'none on standard error' };
  const details = lastMessages.map((line) => `> ${line}`);
  return { mark: 'ok', text: `${counted(messages, 'line')} on standard error, the last of them:`, details };
}

export function endFinding({ how, wanted }: ChildEnd): Finding {
  if (!wanted) {
    const next = { say: 'Find out why the program ends: it should run until its input does.' };
    return { mark: 'fail', text: `the program ${how} by itself`, next };
  }
  if (/^ended/.test(how)) return { mark: 'ok', text: `it ${how} when its input did` };
  const details = ['a program of this kind ends when its input does'];
  return { mark: 'warn', text: `it went on after its input had ended, and ${how}`, details };
}
