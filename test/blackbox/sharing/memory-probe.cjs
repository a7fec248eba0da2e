// Loaded into the program under test: says on stderr, each time it gets a signal, what memory it holds that it cannot
// give back. What the system sees depends on when the garbage was collected last, and tells nothing.
let count = 0;

process.on('SIGUSR2', async () => {
  // What one collection finalises, the next one frees.
  for (let times = 0; times < 3; times++) {
    globalThis.gc();
    await new Promise((resolve) => setImmediate(resolve));
  }
  const { heapUsed, external, rss } = process.memoryUsage();
  count += 1;
  process.stderr.write(`memory ${count} ${JSON.stringify({ held: heapUsed + external, rss })}\n`);
});
