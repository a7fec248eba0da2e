// The program as one file, and beside it one file for each thing that is loaded on demand. A bundler that
// splits by itself moves whatever both need into files of their own, and every start would pay for loading
// them; here, the files on demand import it from the program, which is loaded anyway.
import path from 'node:path';
import { build } from 'esbuild';

const MARK = 'program:';

/**
 * Bundles the entries into `<outdir>/<name>.js`, which exports all that they export, and what
 * they load on demand into `<outdir>/chunks`. Resolves with the files, and with what each entry exports.
 * @param {{ root: string, entries: string[], name: string, outdir: string, options: import('esbuild').BuildOptions }} what
 */
export async function bundle({ root, entries, name, outdir, options }) {
  const shared = { ...options, absWorkingDir: root, bundle: true, format: /** @type {const} */ ('esm') };
  const program = await graphOf(shared, entries);
  const onDemand = await chunksOf(shared, program, outdir);
  const exported = new Map([...onDemand.needs].map((need, i) => [need, `_${i.toString(36)}`]));
  const lines = [...exported].map(([need, alias]) => {
    const [module, imported] = need.split('\n');
    return `export { ${imported} as ${alias} } from ${JSON.stringify(`./${module}`)};`;
  });
  const main = await build({
    ...shared,
    stdin: {
      contents: [...entries.map((entry) => `export * from ${JSON.stringify(`./${entry}`)};`), ...lines].join('\n'),
      resolveDir: root,
      loader: 'ts',
    },
    outfile: path.join(outdir, `${name}.js`),
    plugins: [onDemandImports(root, (file) => `./chunks/${onDemand.files.get(file)}`), builtins()],
    write: false,
  });
  const files = main.outputFiles.map(({ path: file, text }) => ({ file, text }));
  for (const { file, text } of onDemand.outputs) {
    files.push({ file, text: pointAt(text, `../${name}.js`, (need) => exported.get(need)) });
  }
  return { files, exported: program.exported };
}

/** The files that the entry loads at once, and those it loads on demand, at whatever remove. */
async function graphOf(shared, entries) {
  const { metafile } = await build({
    ...shared,
    entryPoints: entries,
    outdir: 'out',
    splitting: true,
    metafile: true,
    write: false,
  });
  const atOnce = new Set();
  const later = new Set();
  const visit = (file, seen) => {
    if (seen.has(file)) return;
    seen.add(file);
    for (const { path: next, kind, external } of metafile.inputs[file].imports) {
      if (external) continue;
      if (kind === 'dynamic-import') later.add(next);
      else visit(next, seen);
    }
  };
  for (const entry of entries) visit(entry, atOnce);
  const all = new Set();
  for (const file of later) visit(file, all);
  const exported = new Map(
    Object.values(metafile.outputs).flatMap((output) =>
      output.entryPoint ? [[output.entryPoint, output.exports]] : [],
    ),
  );
  return { atOnce, onDemand: [...later].filter((file) => !atOnce.has(file)), exported };
}

/** Bundles what is loaded on demand; imports of the program's own files are marked, and which names they need is noted. */
async function chunksOf(shared, { atOnce, onDemand }, outdir) {
  const root = shared.absWorkingDir;
  const { outputFiles, metafile } = await build({
    ...shared,
    entryPoints: onDemand,
    outdir: path.join(outdir, 'chunks'),
    entryNames: '[name]-[hash]',
    chunkNames: 'shared-[hash]',
    splitting: true,
    metafile: true,
    write: false,
    plugins: [
      required(),
      {
        name: 'program',
        setup({ onResolve, resolve }) {
          onResolve({ filter: /^\.\.?\// }, async ({ path: specifier, pluginData, ...rest }) => {
            if (pluginData === 'done' || rest.kind === 'entry-point') return undefined;
            const found = await resolve(specifier, { ...rest, pluginData: 'done' });
            const file = path.relative(root, found.path).split(path.sep).join('/');
            if (!atOnce.has(file)) return undefined;
            return { path: `${MARK}${file}`, external: true, sideEffects: false };
          });
        },
      },
    ],
  });
  const outputs = outputFiles.map(({ path: file, text }) => ({ file, text }));
  const needs = new Set();
  for (const { text } of outputs) for (const need of needsIn(text)) needs.add(need);
  const files = new Map();
  for (const [file, { entryPoint }] of Object.entries(metafile.outputs)) {
    if (entryPoint) files.set(entryPoint, path.basename(file));
  }
  return { outputs, needs, files };
}

/** Leads the program's dynamic imports to the files that were made of them. */
function onDemandImports(root, target) {
  return {
    name: 'on-demand',
    setup({ onResolve, resolve }) {
      onResolve({ filter: /^\.\.?\// }, async ({ path: specifier, kind, pluginData, ...rest }) => {
        if (kind !== 'dynamic-import' || pluginData === 'done') return undefined;
        const found = await resolve(specifier, { ...rest, kind, pluginData: 'done' });
        const file = path.relative(root, found.path).split(path.sep).join('/');
        return { path: target(file), external: true };
      });
    },
  };
}

/**
 * Takes Node's own modules as they are. To import one makes Node build a view of it with every
 * one of its exports, which costs a tenth of the time that the program takes to start.
 */
function builtins() {
  return {
    name: 'builtins',
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^node:/ }, ({ path: name, kind }) =>
        kind === 'import-statement' ? { path: name, namespace: 'builtin', sideEffects: false } : undefined,
      );
      onLoad({ filter: /.*/, namespace: 'builtin' }, ({ path: name }) => {
        const exports = Object.keys(process.getBuiltinModule(name)).filter((key) => /^[A-Za-z_$][\w$]*$/.test(key));
        const lines = exports
          .filter((key) => key !== 'default')
          .map((key) => `const $${key} = /* @__PURE__ */ (() => all.${key})();\nexport { $${key} as ${key} };`);
        return {
          contents: [
            `const all = process.getBuiltinModule(${JSON.stringify(name)});`,
            'export default all;',
            ...lines,
          ].join('\n'),
        };
      });
    },
  };
}

/** Node's own modules as CommonJS packages ask for them: there is no `require` in the files that are made here. */
function required() {
  return {
    name: 'required',
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^[^.]/ }, ({ path: name, kind }) =>
        kind === 'require-call' && process.getBuiltinModule(name) !== undefined
          ? { path: name, namespace: 'required' }
          : undefined,
      );
      onLoad({ filter: /.*/, namespace: 'required' }, ({ path: name }) => ({
        contents: `module.exports = process.getBuiltinModule(${JSON.stringify(name)});`,
      }));
    },
  };
}

const IMPORT = new RegExp(`import\\{([^}]*)\\}from"${MARK}([^"]+)"`, 'g');

function* needsIn(text) {
  for (const [, names, module] of text.matchAll(IMPORT)) {
    for (const name of names.split(',')) yield `${module}\n${name.split(' as ')[0].trim()}`;
  }
  const left = text.replace(IMPORT, '').indexOf(`"${MARK}`);
  if (left !== -1) throw new Error('a file on demand imports the program in a way that the build does not know');
}

function pointAt(text, program, alias) {
  return text.replace(IMPORT, (_, names, module) => {
    const renamed = names.split(',').map((name) => {
      const [imported, local = imported] = name.split(' as ').map((part) => part.trim());
      return `${alias(`${module}\n${imported}`)} as ${local}`;
    });
    return `import{${renamed.join(',')}}from"${program}"`;
  });
}
