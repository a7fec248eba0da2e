// Builds the program as one executable: Node with the program in it
// (https://nodejs.org/api/single-executable-applications.html).
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { capture, root } from '../run.mjs';
import { nodeIn, nodePackage } from './node-package.mjs';
import { removeSignature } from './pe-signature.mjs';
import { CODE_CACHE } from './program.mjs';
import { builderOf, HERE } from './targets.mjs';

/**
 * @typedef {object} Built
 * @property {boolean} hasCodeCache
 * @property {boolean} isStripped without the symbols of Node, which only a debugger needs
 * @property {'codesign' | 'rcodesign' | 'none'} signedBy macOS on arm64 starts only signed executables
 */

/**
 * @param {import('./targets.mjs').Target} target
 * @param {{ program: import('./program.mjs').Program, file: string }} what `file`: the path of the executable to write
 * @returns {Promise<Built>}
 */
export async function buildExecutable(target, { program, file }) {
  const builder = nodeIn(await nodePackage(builderOf(target)));
  const node = nodeIn(await nodePackage(target.node));
  // V8 does not check that a code cache is for the processor that reads it, so Node must run there to make one.
  const isForHere = target === HERE;
  const work = mkdtempSync(path.join(tmpdir(), 'mcp-proxy-executable-'));
  try {
    const main = path.join(work, 'mcp-proxy.js');
    const base = path.join(work, path.basename(node));
    const config = path.join(work, 'sea.json');
    writeFileSync(main, program.script);
    const assets = writeAssets(work, program);
    if (isForHere) await addCodeCaches(assets, builder);
    copyFileSync(node, base);
    chmodSync(base, 0o755);
    if (target.format === 'pe') removeSignature(base);
    const isStripped = isForHere && target.format === 'elf' && (await capture(['strip', base])).code === 0;
    mkdirSync(path.dirname(file), { recursive: true });
    const options = {
      main,
      assets,
      executable: base,
      output: file,
      useCodeCache: isForHere,
      disableExperimentalSEAWarning: true,
      // NODE_OPTIONS keeps its meaning, as in a Node that is installed; arguments are the program's own.
      execArgvExtension: 'env',
    };
    writeFileSync(config, JSON.stringify(options));
    const { code, output } = await capture([builder, '--build-sea', config], { env: withoutNodeOptions() });
    if (code !== 0) throw new Error(`building the executable for ${target.name} failed:\n${output.trimEnd()}`);
    chmodSync(file, 0o755);
    return { hasCodeCache: isForHere, isStripped, signedBy: target.format === 'mach-o' ? await sign(file) : 'none' };
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/**
 * @param {string} folder @param {import('./program.mjs').Program} program
 * @returns {Record<string, string>} the paths of the assets, by name
 */
function writeAssets(folder, { assets }) {
  return Object.fromEntries(
    [...assets].map(([name, text], i) => {
      const file = path.join(folder, `asset-${i}`);
      writeFileSync(file, text);
      return [name, file];
    }),
  );
}

/**
 * Adds a code cache for each asset.
 * @param {Record<string, string>} assets the paths of the assets, by name
 * @param {string} node the Node that will read the caches
 */
async function addCodeCaches(assets, node) {
  const files = Object.entries(assets);
  const script = path.join(root, 'scripts', 'release', 'code-cache.mjs');
  const command = [node, script, ...files.map(([, file]) => file)];
  const { code, output } = await capture(command, { env: withoutNodeOptions() });
  if (code !== 0) throw new Error(`making the code caches failed:\n${output.trimEnd()}`);
  for (const [name, file] of files) assets[`${name}${CODE_CACHE}`] = `${file}.cache`;
}

/** Flags of the Node that runs this could make a code cache that other flags do not accept. */
function withoutNodeOptions() {
  const { NODE_OPTIONS: _, ...env } = process.env;
  return env;
}

/**
 * Signs ad hoc, with the tool that is installed: `codesign` of macOS, or `rcodesign` of the crate apple-codesign.
 * @param {string} file
 * @returns {Promise<Built['signedBy']>}
 */
async function sign(file) {
  const tools = /** @type {const} */ ([
    ['codesign', '--sign', '-', '--force', file],
    ['rcodesign', 'sign', file],
  ]);
  for (const command of tools) {
    const { code, output } = await capture([...command]);
    if (code === 0) return command[0];
    // 127: this tool is not installed.
    if (code !== 127) throw new Error(`signing ${path.basename(file)} failed:\n${output.trimEnd()}`);
  }
  return 'none';
}
