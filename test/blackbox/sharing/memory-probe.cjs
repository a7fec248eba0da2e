// Loaded into the program under test: at each signal, it writes on stderr how much memory the program holds after a
// garbage collection. What the system reports depends on when the last collection was, and says nothing.
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
