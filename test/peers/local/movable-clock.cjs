// Loaded into the program under test: a clock that its test moves. Each SIGUSR1 moves it by CLOCK_STEP milliseconds;
// timers of CLOCK_LONG milliseconds and more, by default of ten seconds, follow it alone, shorter ones the real clock.
const step = Number(process.env.CLOCK_STEP);
const LONG = Number(process.env.CLOCK_LONG ?? 10_000);
let moved = 0;

const real = { setTimeout, clearTimeout, setInterval, clearInterval, now: Date.now, performanceNow: performance.now };
const now = () => real.now.call(Date) + moved;
Date.now = now;
performance.now = () => real.performanceNow.call(performance) + moved;

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

process.on('SIGUSR1', () => {
  moved += step;
  for (const timer of [...timers]) if (timers.has(timer) && timer.due <= now()) timer.fire();
  process.stderr.write(`clock ${moved}\n`);
});
