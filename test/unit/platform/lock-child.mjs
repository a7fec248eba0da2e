// A process that uses a lock or a store as it is told, line by line on stdin, and answers each line on stdout.
//
//   node lock-child.mjs <bundle of process-lock.ts and file-secrets.ts> <lock file or folder>
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

const [bundle, target] = process.argv.slice(2);
const { ProcessLock, fileStore } = await import(pathToFileURL(bundle).href);
const lock = new ProcessLock(target);

const say = (text) => process.stdout.write(`${text}\n`);

const orders = {
  /** Several attempts from the same moment on, so that several processes compete. */
  async race(at) {
    while (Date.now() < Number(at));
    for (let attempt = 0; attempt < 5; attempt++) if (await lock.tryAcquire()) return 'won';
    return 'lost';
  },
  try: async () => ((await lock.tryAcquire()) ? 'won' : 'lost'),
  held: async () => String(await lock.held()),
  async release() {
    await lock.release();
    return 'released';
  },
  /** Again and again, alone inside or not: the holder's own file must never be there already. */
  async rounds(folder, count) {
    const { mkdirSync, rmdirSync } = await import('node:fs');
    let done = 0;
    while (done < Number(count)) {
      if (!(await lock.tryAcquire())) continue;
      mkdirSync(`${folder}/inside`);
      await new Promise(setImmediate);
      if (!(await lock.held())) return 'robbed';
      rmdirSync(`${folder}/inside`);
      await lock.release();
      done++;
    }
    return 'done';
  },
  /** Writes texts of one letter each until it is killed. */
  async write(name, size) {
    const store = fileStore(target);
    for (let i = 0; ; i++) {
      await store.write(name, 'abcdefghij'.charAt(i % 10).repeat(Number(size)));
      if (i === 0) say('writing');
    }
  },
  async writes(name, letter, count) {
    const store = fileStore(target);
    for (let i = 0; i < Number(count); i++) await store.write(name, letter.repeat(50_000));
    return 'written';
  },
  /** As a user without rights; only root has to become one. */
  async refused(name) {
    if (process.getuid() === 0) process.setuid(65534);
    return fileStore(target)
      .write(name, 'secret text')
      .then(
        () => 'written',
        (error) => JSON.stringify({ code: error.code, message: error.message, hint: error.data.hint }),
      );
  },
  mask(umask) {
    process.umask(Number.parseInt(umask, 8));
    return 'masked';
  },
};

say('ready');
for await (const line of createInterface({ input: process.stdin })) {
  const [order, ...rest] = line.split(' ');
  say(await Promise.resolve(orders[order](...rest)).catch((error) => `error ${error.message}`));
}
