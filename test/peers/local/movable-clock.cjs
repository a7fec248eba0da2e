// Loaded into the program under test: a clock that its test moves. Each SIGUSR1 moves it by CLOCK_STEP milliseconds, or
// by the next one of several, separated by commas, the last of which is for all further signals;
// timers of CLOCK_LONG milliseconds and more, by default of ten seconds, follow it alone, shorter ones the real clock.
const steps = process.env.CLOCK_STEP.split(',').map(Number);
const LONG = Number(process.env.CLOCK_LONG ?? 10_000);
let moved = 0;

const { hrtime } = process;
const real = { setTimeout, clearTimeout, setInterval, clearInterval, now: Date.now, performanceNow: performance.now };
const now = () => real.now.call(Date) + moved;
Date.now = now;
performance.now = () => real.performanceNow.call(performance) + moved;
process.hrtime = Object.assign((since) => {
  const [seconds, nanoseconds] = hrtime.call(process, since);
  const all = nanoseconds + (since ? 0 : moved % 1_000) * 1e6;
  return [seconds + (since ? 0 : Math.floor(moved / 1_000)) + Math.floor(all / 1e9), all % 1e9];
}, process.hrtime);

const timers = new Set();

class LongTimer {
  constructor(callback, delay, args, repeats) {
    Object.assign(this, { callback, delay, args, repeats });
    this.refresh();
  }
  refresh() {
    this.due = now() + this.delay;
    timers.add(this);
    return this;
  }
  ref() {
    return this;
  }
  unref() {
    return this;
  }
  hasRef() {
    return false;
  }
  fire() {
    if (this.repeats) this.due = now() + this.delay;
    else timers.delete(this);
    this.callback(...this.args);
  }
}

const isLong = (delay) => delay >= LONG;
globalThis.setTimeout = (callback, delay, ...args) =>
  isLong(delay) ? new LongTimer(callback, delay, args, false) : real.setTimeout(callback, delay, ...args);
globalThis.setInterval = (callback, delay, ...args) =>
  isLong(delay) ? new LongTimer(callback, delay, args, true) : real.setInterval(callback, delay, ...args);
for (const name of ['clearTimeout', 'clearInterval']) {
  globalThis[name] = (timer) => (timer instanceof LongTimer ? void timers.delete(timer) : real[name](timer));
}

// In small steps: a clock that jumps is that of a machine that slept. With CLOCK_SLEEPS it does.
const PART = process.env.CLOCK_SLEEPS ? Number.POSITIVE_INFINITY : 5_000;

process.on('SIGUSR1', () => {
  const end = moved + (steps.length > 1 ? steps.shift() : steps[0]);
  while (moved < end) {
    moved = Math.min(moved + PART, end);
    for (const timer of [...timers]) if (timers.has(timer) && timer.due <= now()) timer.fire();
  }
  process.stderr.write(`clock ${moved}\n`);
});
