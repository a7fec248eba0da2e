// Run by the Node that an executable contains: `node code-cache.mjs FILE…` compiles each script, and writes V8's code cache
// for it to `FILE.cache`.
import { readFileSync, writeFileSync } from 'node:fs';
import { Script } from 'node:vm';

for (const file of process.argv.slice(2)) {
  writeFileSync(`${file}.cache`, new Script(readFileSync(file, 'utf8')).createCachedData());
}
