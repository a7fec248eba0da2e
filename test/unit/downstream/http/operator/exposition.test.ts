import { Counter, Gauge, Registry } from 'prom-client';
import { expect, it } from 'vitest';
import { EXPOSITION_TYPE, exposition } from '../../../../../src/downstream/http/operator/exposition.ts';

const HELP = 'A \\ and\na "line".';
const VALUES = [0, 1.5, 1e21, 1e-7];

it('is what the library prom-client writes', async () => {
  const registry = new Registry();
  const registers = [registry];
  const counter = new Counter({ name: 'counted_total', help: HELP, labelNames: ['text', 'number'], registers });
  for (const [i, value] of VALUES.entries()) counter.inc({ text: `"\\\n${i}`, number: i }, value);
  new Counter({ name: 'nothing_total', help: 'Nothing.', labelNames: ['a'], registers });
  new Gauge({ name: 'gauge', help: 'A gauge.', registers }).set(-1.5);

  const text = exposition([
    {
      name: 'counted_total',
      help: HELP,
      type: 'counter',
      samples: () => VALUES.map((value, i) => ({ labels: { text: `"\\\n${i}`, number: i }, value })),
    },
    { name: 'nothing_total', help: 'Nothing.', type: 'counter', samples: () => [] },
    { name: 'gauge', help: 'A gauge.', type: 'gauge', samples: () => [{ value: -1.5 }] },
  ]);
  expect(text).toBe(await registry.metrics());
  expect(EXPOSITION_TYPE).toBe(registry.contentType);
});
