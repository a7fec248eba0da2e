// The text format of Prometheus, read as strictly as the format is written
// (https://prometheus.io/docs/instrumenting/exposition_formats/, "Text-based format").

export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Family {
  readonly type: string;
  readonly help: string;
  readonly samples: readonly Sample[];
}

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/;
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)",?/y;
/** The endings that the names of samples of a type may have. */
const SUFFIXES: Readonly<Record<string, readonly string[]>> = {
  counter: [''],
  gauge: [''],
  histogram: ['_bucket', '_sum', '_count'],
};

/** The families by name; throws if the text is not in the format. */
export function parseExposition(text: string): Map<string, Family> {
  if (!text.endsWith('\n')) throw new Error('the last line has no end');
  const families = new Map<string, { type: string; help: string; samples: Sample[] }>();
  const seen = new Set<string>();
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const [, keyword, name = '', rest = ''] = /^# (HELP|TYPE) (\S+) ?(.*)$/.exec(line) ?? [];
    if (keyword === undefined) {
      const sample = parseSample(line);
      const family = [...families].find(([of, { type }]) =>
        (SUFFIXES[type] ?? []).some((suffix) => sample.name === of + suffix),
      );
      if (!family) throw new Error(`no TYPE comes before ${line}`);
      const key = sample.name + JSON.stringify(Object.entries(sample.labels).sort());
      if (seen.has(key)) throw new Error(`twice: ${line}`);
      seen.add(key);
      family[1].samples.push(sample);
      continue;
    }
    if (!NAME.test(name)) throw new Error(`no name: ${line}`);
    const family = families.get(name) ?? { type: '', help: '', samples: [] };
    if (keyword === 'TYPE') {
      if (!(rest in SUFFIXES)) throw new Error(`an unknown type: ${line}`);
      if (family.type !== '') throw new Error(`a second TYPE: ${line}`);
      family.type = rest;
    } else family.help = rest;
    families.set(name, family);
  }
  for (const [name, { type }] of families)
    if (type === 'histogram') checkHistogram(name, families.get(name)?.samples ?? []);
  return families;
}

function parseSample(line: string): Sample {
  const [, name = '', text = '', value = ''] = SAMPLE.exec(line) ?? [];
  if (name === '') throw new Error(`no sample: ${line}`);
  const labels: Record<string, string> = {};
  LABEL.lastIndex = 0;
  while (LABEL.lastIndex < text.length) {
    const [whole, label = '', content = ''] = LABEL.exec(text) ?? [];
    if (whole === undefined) throw new Error(`labels that cannot be read: ${line}`);
    labels[label] = content.replace(/\\(.)/g, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped));
  }
  const number = value === '+Inf' ? Number.POSITIVE_INFINITY : Number(value);
  if (Number.isNaN(number)) throw new Error(`no number: ${line}`);
  return { name, labels, value: number };
}

/** Buckets are cumulative, and the last one is +Inf, which equals the count. */
function checkHistogram(name: string, samples: readonly Sample[]): void {
  const series = new Map<string, Sample[]>();
  for (const sample of samples.filter((one) => one.name === `${name}_bucket`)) {
    const { le: _, ...others } = sample.labels;
    const key = JSON.stringify(others);
    series.set(key, [...(series.get(key) ?? []), sample]);
  }
  for (const [key, buckets] of series) {
    const values = buckets.map(({ value }) => value);
    if (values.some((value, n) => n > 0 && value < (values[n - 1] ?? 0))) throw new Error(`${name}${key} shrinks`);
    if (buckets.at(-1)?.labels.le !== '+Inf') throw new Error(`${name}${key} has no +Inf`);
    const count = samples.find((one) => one.name === `${name}_count` && JSON.stringify(one.labels) === key);
    if (count?.value !== values.at(-1)) throw new Error(`${name}${key}: the count is not that of +Inf`);
  }
}
