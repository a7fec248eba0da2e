// `npm run release:dry [-- --targets LIST] [--out FOLDER] [--executables-only]`: everything that a release consists of,
// except publishing it. LIST names systems (targets.mjs), or is `here` or `none`; an archive that is in the folder
// already is taken as it is. Ends with a table.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { componentsOf } from '../components.mjs';
import { root } from '../run.mjs';
import { archiveName, writeArchive } from './archives.mjs';
import { packageVersion } from './facts.mjs';
import { formulaOf } from './formula.mjs';
import { installScript } from './install-script.mjs';
import { mcpbBundle } from './mcpb.mjs';
import { packPackage } from './npm-package.mjs';
import { programScript } from './program.mjs';
import { sbomOf } from './sbom.mjs';
import { HERE, TARGETS } from './targets.mjs';

const SUMS = 'SHA256SUMS';

const USAGE = `npm run release:dry -- [--targets LIST] [--out FOLDER] [--executables-only]

  --targets LIST       systems to build executables for, separated by commas: ${TARGETS.map(({ name }) => name).join(', ')};
                       or here (this system), or none [all]
  --out FOLDER         where the files go; an archive that is there already is kept [release]
  --executables-only   build the executables, and nothing else
`;

const values = flagsIn(process.argv.slice(2));
if (values?.help) process.stdout.write(USAGE);
else if (values) await release(values).catch((error) => fail(error.message, 1));

/** The flags; undefined, with the usage on stderr, where they are wrong. @param {string[]} args */
function flagsIn(args) {
  try {
    return parseArgs({
      args,
      options: {
        targets: { type: 'string', default: TARGETS.map(({ name }) => name).join(',') },
        out: { type: 'string', default: 'release' },
        'executables-only': { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    }).values;
  } catch (error) {
    fail(`${error.message.split('. ')[0]}\n${USAGE}`.trimEnd(), 2);
    return undefined;
  }
}

/** @param {string} message @param {number} status */
function fail(message, status) {
  process.stderr.write(`release: ${message}\n`);
  process.exitCode = status;
}

/** @param {NonNullable<ReturnType<typeof flagsIn>>} values */
async function release(values) {
  const wanted = targetsIn(values.targets);
  const out = path.resolve(root, values.out);
  mkdirSync(out, { recursive: true });
  /** @type {Map<string, string>} */
  const remarks = new Map();
  const program = await programScript();
  for (const target of wanted) {
    const name = archiveName(target);
    if (existsSync(path.join(out, name))) {
      remarks.set(name, 'was there already');
      continue;
    }
    process.stderr.write(`release: building ${name} …\n`);
    remarks.set(name, await writeArchive(target, { program, out }));
  }
  if (!values['executables-only']) await assemble(out, program, remarks);
  process.stdout.write(table(out, remarks));
}

/** @param {string} list */
function targetsIn(list) {
  return list.split(',').flatMap((name) => {
    if (name === 'none') return [];
    const target = name === 'here' ? HERE : TARGETS.find((candidate) => candidate.name === name);
    if (target !== undefined) return [target];
    const known = [...TARGETS.map((candidate) => candidate.name), 'here', 'none'].join(', ');
    throw new Error(`there is no target ${JSON.stringify(name)}; there are ${known}`);
  });
}

/**
 * The files that a release has once, and not for each system.
 * @param {string} out @param {{ sources: string[] }} program @param {Map<string, string>} remarks
 */
async function assemble(out, { sources }, remarks) {
  const archives = new Map(
    TARGETS.map((target) => ({ target, file: archiveName(target) }))
      .filter(({ file }) => existsSync(path.join(out, file)))
      .map(({ target, file }) => [target.name, { file, sha256: sha256(path.join(out, file)) }]),
  );
  await packPackage(out);
  writeFileSync(path.join(out, `mcp-proxy-${packageVersion()}.mcpb`), mcpbBundle());
  const versions = [...new Set(TARGETS.map(({ node }) => node.version))].sort();
  const nodes = versions.map((version) => ({ name: 'node', version, licence: 'MIT', text: '' }));
  writeFileSync(
    path.join(out, 'mcp-proxy.cdx.json'),
    `${JSON.stringify(sbomOf(componentsOf(sources), nodes), null, 2)}\n`,
  );
  const missing = TARGETS.filter(({ name, format }) => format !== 'pe' && !archives.has(name)).map(({ name }) => name);
  if (missing.length === 0) {
    writeFileSync(path.join(out, 'mcp-proxy.rb'), formulaOf({ version: packageVersion(), archives }));
  } else {
    process.stderr.write(`release: no formula without the archives for ${missing.join(', ')}\n`);
  }
  writeFileSync(path.join(out, 'install.sh'), installScript(archives));
  const lines = filesIn(out).map((name) => `${sha256(path.join(out, name))}  ${name}\n`);
  writeFileSync(path.join(out, SUMS), lines.join(''));
  remarks.set(SUMS, 'for sha256sum --check');
}

/** @param {string} out */
function filesIn(out) {
  return readdirSync(out)
    .filter((name) => name !== SUMS)
    .sort();
}

/** @param {string} file */
function sha256(file) {
  return createHash('sha256').update(readFileSync(file)).digest('hex');
}

/** @param {string} out @param {ReadonlyMap<string, string>} remarks */
function table(out, remarks) {
  const rows = readdirSync(out)
    .sort()
    .map((name) => {
      const file = path.join(out, name);
      return [name, `${(statSync(file).size / 1e6).toFixed(2)} MB`, sha256(file), remarks.get(name) ?? ''];
    });
  const [head, ...body] = [['file', 'size', 'sha256', 'remark'], ...rows];
  const lines = [head, head?.map(() => '---') ?? [], ...body].map((cells) => `| ${cells.join(' | ')} |\n`);
  return lines.join('');
}
