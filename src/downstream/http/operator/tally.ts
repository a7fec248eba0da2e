/** Counts for the way of every call: plain numbers, whose labels are put together only when somebody asks for them. */
import type { Family, Sample } from './exposition.ts';

/** How often each pair of two labels has come. */
export class Pairs<B> {
  readonly #counts = new Map<string, Map<B, number>>();

  add(a: string, b: B, more = 1): void {
    let counts = this.#counts.get(a);
    if (!counts) {
      counts = new Map();
      this.#counts.set(a, counts);
    }
    counts.set(b, (counts.get(b) ?? 0) + more);
  }

  /** Every pair and its count, in the order in which they came. */
  all(): (readonly [a: string, b: B, count: number])[] {
    return [...this.#counts].flatMap(([a, counts]) => [...counts].map(([b, count]) => [a, b, count] as const));
  }
}

/** What is counted of one kind of value. */
interface Observed {
  /** For each bucket, the values that are in it and in none before it; the last bucket has no bound. */
  readonly inBucket: number[];
  sum: number;
}

type Labels = Readonly<Record<string, string>>;

export interface HistogramOptions {
  readonly name: string;
  readonly help: string;
  /** The upper bounds of the buckets, in ascending order. */
  readonly buckets: readonly number[];
}

export class Histogram {
  readonly #options: HistogramOptions;
  readonly #all: { readonly labels: Labels; readonly observed: Observed }[] = [];

  constructor(options: HistogramOptions) {
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

  family(): Family {
    const { name, help } = this.#options;
    const samples = (): Sample[] => this.#all.flatMap(({ labels, observed }) => this.#samples(labels, observed));
    return { name, help, type: 'histogram', samples };
  }

  /** Each bucket counts the values of those before it as well (Prometheus, "Exposition formats", histograms). */
  #samples(labels: Labels, { inBucket, sum }: Observed): Sample[] {
    const { name, buckets } = this.#options;
    let count = 0;
    const samples: Sample[] = inBucket.map((more, i) => {
      count += more;
      return { name: `${name}_bucket`, labels: { le: buckets[i] ?? '+Inf', ...labels }, value: count };
    });
    samples.push({ name: `${name}_sum`, labels, value: sum });
    samples.push({ name: `${name}_count`, labels, value: count });
    return samples;
  }
}
