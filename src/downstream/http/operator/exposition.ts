/**
 * The text format of Prometheus, version 0.0.4
 * (https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format). Pure.
 */

/** The media type of the format. */
export const EXPOSITION_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/** One line: a value and its labels. */
export interface Sample {
  /** By default the name of the family. */
  readonly name?: string;
  readonly labels?: Readonly<Record<string, string | number>>;
  /** Finite. */
  readonly value: number;
}

/** A metric, with all its samples. */
export interface Family {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  /** Read at each scrape. */
  readonly samples: () => readonly Sample[];
}

/** All metrics as a text. */
export function exposition(families: readonly Family[]): string {
  return `${families.map(familyText).join('\n\n')}\n`;
}

function familyText({ name, help, type, samples }: Family): string {
  const lines = samples().map((sample) => `${sample.name ?? name}${labelsText(sample.labels)} ${sample.value}`);
  return [`# HELP ${name} ${escaped(help)}`, `# TYPE ${name} ${type}`, ...lines].join('\n');
}

function labelsText(labels: Sample['labels'] = {}): string {
  const all = Object.entries(labels).map(([key, value]) => `${key}="${escaped(String(value)).replaceAll('"', '\\"')}"`);
  return all.length > 0 ? `{${all.join(',')}}` : '';
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}
