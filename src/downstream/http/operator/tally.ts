/**
 * Counts for the way of every call. A metric of prom-client looks at its labels again with each value, which costs a
 * tenth of our work for a call; these are plain numbers until somebody asks for them.
 */

/** How often each pair of two labels has come. */
export class Pairs<B> {
  readonly #counts = new Map<string, Map<B, number>>();

  add(a: string, b: B): void {
    let counts = this.#counts.get(a);
    if (!counts) {
      counts = new Map();
      this.#counts.set(a, counts);
    }
    counts.set(b, (counts.get(b) ?? 0) + 1);
  }

  /** Hands over what was counted since the last time. */
  drain(take: (a: string, b: B, count: number) => void): void {
    for (const [a, counts] of this.#counts) for (const [b, count] of counts) take(a, b, count);
    this.#counts.clear();
  }
}

/** What is counted of one kind of value. */
interface Observed {
  /** For each bucket, the values that are in it and in none before it; the last bucket has no bound. */
  readonly inBucket: number[];
  sum: number;
}

type Labels = Readonly<Record<string, string>>;

/** A sample of a metric, as the registry of prom-client prints it. */
interface Sample {
  readonly metricName: string;
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
}

export interface HistogramOptions {
  readonly name: string;
  readonly help: string;
  /** The upper bounds of the buckets, in ascending order. */
  readonly buckets: readonly number[];
}

/** A histogram in the form that a registry of prom-client takes. */
export class Histogram {
  readonly name: string;
  readonly #options: HistogramOptions;
  readonly #all: { readonly labels: Labels; readonly observed: Observed }[] = [];

  constructor(options: HistogramOptions) {
    this.name = options.name;
    this.#options = options;
  }

  /** Values that have some labels in common. Returns what takes a value and its own label. */
  of(common: Labels, label: string): (own: string, value: number) => void {
    const { buckets } = this.#options;
    const known = new Map<string, Observed>();
    return (own, value) => {
      let observed = known.get(own);
      if (!observed) {
        observed = { inBucket: new Array<number>(buckets.length + 1).fill(0), sum: 0 };
        known.set(own, observed);
        this.#all.push({ labels: { ...common, [label]: own }, observed });
      }
      observed.sum += value;
      let bucket = 0;
      while (bucket < buckets.length && value > (buckets[bucket] as number)) bucket++;
      observed.inBucket[bucket] = (observed.inBucket[bucket] as number) + 1;
    };
  }

  get(): { name: string; help: string; type: 'histogram'; values: Sample[] } {
    const { name, help } = this.#options;
    const values = this.#all.flatMap(({ labels, observed }) => this.#samples(labels, observed));
    return { name, help, type: 'histogram', values };
  }

  /** Each bucket counts the values of those before it as well (Prometheus, "Exposition formats", histograms). */
  #samples(labels: Labels, { inBucket, sum }: Observed): Sample[] {
    const { name, buckets } = this.#options;
    let count = 0;
    const samples: Sample[] = inBucket.map((more, i) => {
      count += more;
      return { metricName: `${name}_bucket`, labels: { le: buckets[i] ?? '+Inf', ...labels }, value: count };
    });
    samples.push({ metricName: `${name}_sum`, labels, value: sum });
    samples.push({ metricName: `${name}_count`, labels, value: count });
    return samples;
  }
}
