// Everything measured, by metric, contestant and round. Ratios are taken within
// a round and only then is their median taken: rounds differ more than contestants do.
import { median } from './statistics.mjs';

export class Results {
  #cells = new Map();
  metrics = [];
  details = {};

  addMetrics(metrics) {
    this.metrics.push(...metrics);
  }

  /** `outcome` maps each contestant to its values by metric id; an Error may stand for one or all of them. */
  add(metrics, outcome) {
    for (const [contestant, values] of outcome) {
      for (const { id } of metrics) {
        const value = values instanceof Error ? values : values[id];
        this.#cell(id, contestant).push(value);
        const detail = values.details?.[id];
        if (detail) this.details[id] = { ...this.details[id], [contestant]: detail };
      }
    }
  }

  #cell(id, contestant) {
    const key = `${id} ${contestant}`;
    if (!this.#cells.has(key)) this.#cells.set(key, []);
    return this.#cells.get(key);
  }

  #rounds(id, contestant) {
    return this.#cells.get(`${id} ${contestant}`) ?? [];
  }

  measured(id, contestant) {
    return this.#rounds(id, contestant).length > 0;
  }

  /** The reasons of the rounds that failed. */
  failures(id, contestant) {
    return this.#rounds(id, contestant)
      .filter((value) => value instanceof Error)
      .map(({ message }) => message);
  }

  median(id, contestant) {
    return median(this.#rounds(id, contestant).filter((value) => typeof value === 'number'));
  }

  ratio(id, contestant, base) {
    const bases = this.#rounds(id, base);
    const ratios = this.#rounds(id, contestant)
      .map((value, round) => (typeof value === 'number' && bases[round] > 0 ? value / bases[round] : undefined))
      .filter((ratio) => ratio !== undefined);
    return median(ratios);
  }

  toJSON() {
    const cells = {};
    for (const [key, values] of this.#cells) {
      // Names of contestants may hold spaces, ids of metrics do not.
      const [id] = key.split(' ', 1);
      const contestant = key.slice(id.length + 1);
      const plain = values.map((value) => (value instanceof Error ? { failed: value.message } : (value ?? null)));
      cells[id] = { ...cells[id], [contestant]: plain };
    }
    return { metrics: this.metrics, values: cells, details: this.details };
  }
}
