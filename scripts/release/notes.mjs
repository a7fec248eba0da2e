// `node scripts/release/notes.mjs TAG`: prints the section of CHANGELOG.md for this release. Fails when the tag does not
// fit package.json, or the changelog has no such section: then the release was not prepared.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { root } from '../run.mjs';
import { packageVersion } from './facts.mjs';

const [tag = ''] = process.argv.slice(2);
try {
  process.stdout.write(notesFor(tag));
} catch (error) {
  process.stderr.write(`release: ${error.message}\n`);
  process.exitCode = 1;
}

/** @param {string} name of the tag */
function notesFor(name) {
  const version = packageVersion();
  if (name !== `v${version}`) throw new Error(`the tag is ${JSON.stringify(name)}, but package.json has ${version}`);
  const sections = readFileSync(path.join(root, 'CHANGELOG.md'), 'utf8').split(/^## /m);
  const section = sections.find((text) => text.startsWith(`[${version}]`));
  if (section === undefined) throw new Error(`CHANGELOG.md has no section [${version}]`);
  return `${section.slice(section.indexOf('\n')).trim()}\n`;
}
