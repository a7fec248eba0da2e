/** The outcome for others: Markdown to paste into an issue, and JSON. Pure. */
import { printable } from '../../../core/redact.ts';
import type { Check, NextStep } from './examination.ts';
import { checksLines, grouped, plain } from './layout.ts';
import type { DoctorOutcome } from './next-step.ts';

/** Where the program runs. */
export interface Setting {
  readonly version: string;
  /** Of Node, such as `v20.19.5`. */
  readonly node: string;
  readonly platform: string;
  readonly arch: string;
  /** The command that was typed, without secrets. */
  readonly command: string;
}

/** Lines of Markdown. The caller has taken the secrets out of the texts. */
export function reportLines(setting: Setting, checks: readonly Check[], { summary, next }: DoctorOutcome): string[] {
  const { version, node, platform, arch, command } = setting;
  const lines = grouped(checks).flatMap((group) => checksLines(group, plain));
  // A fence longer than any run of backticks in the text ends only where it should (CommonMark, section 4.5).
  const longest = Math.max(
    2,
    ...[command, ...lines].flatMap((line) => line.match(/`+/g) ?? []).map((run) => run.length),
  );
  const fence = '`'.repeat(longest + 1);
  return [
    '### Report of mcp-proxy doctor',
    '',
    `- mcp-proxy ${version}, Node ${node}, ${platform} ${arch}`,
    `- ${summary}`,
    `- Suggested: ${nextText(next)}`,
    '',
    `${fence}text`,
    `$ ${printable(command, 2_000)}`,
    ...lines,
    fence,
  ];
}

function nextText({ say, command }: NextStep): string {
  return printable(command === undefined ? say : `${say} ${command}`, 2_000);
}

/** An object for `JSON.stringify`. */
export function asJson(setting: Setting, checks: readonly Check[], { works, summary, next }: DoctorOutcome): object {
  return {
    ...setting,
    works,
    summary,
    next,
    checks: checks.map(({ number, id, title, mark, text, details = [], ms }) => ({
      number,
      id,
      title,
      mark,
      text,
      details,
      ms: ms === undefined ? undefined : Math.round(ms),
    })),
  };
}
