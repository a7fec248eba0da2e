// The shape of the source as docs/architecture.md tells it: who may import whom, and what only one place may do.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const ROOT = path.join(path.dirname(fileURLToPath(import.meta.url)), '..');
const SOURCE = path.join(ROOT, 'src');

const PARTS = [
  'config.ts',
  'downstream',
  'middleware',
  'upstream',
  'auth',
  'wire',
  'port-holder.ts',
  'core',
  'errors.ts',
] as const;

/** What each part may import besides itself: bin ▸ cli ▸ proxy.ts ▸ { endpoints, middleware } ▸ wire ▸ core ▸ errors.ts. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  'errors.ts': [],
  core: ['errors.ts'],
  'config.ts': ['core', 'errors.ts'],
  wire: ['core', 'errors.ts'],
  'port-holder.ts': ['core'],
  middleware: ['core', 'errors.ts'],
  downstream: ['config.ts', 'wire', 'port-holder.ts', 'core', 'errors.ts'],
  upstream: ['config.ts', 'wire', 'core', 'errors.ts'],
  auth: ['config.ts', 'wire', 'port-holder.ts', 'core', 'errors.ts'],
  'ending.ts': [],
  'end-clock.ts': ['ending.ts'],
  'surroundings.ts': PARTS,
  'composition.ts': ['surroundings.ts', ...PARTS],
  'ready.ts': ['composition.ts', ...PARTS],
  'proxy.ts': ['composition.ts', 'surroundings.ts', 'end-clock.ts', 'ending.ts', ...PARTS],
  'http-proxy.ts': ['ready.ts', 'composition.ts', 'surroundings.ts', 'end-clock.ts', 'ending.ts', ...PARTS],
  'arguments.ts': PARTS,
  'index.ts': [
    'arguments.ts',
    'proxy.ts',
    'http-proxy.ts',
    'composition.ts',
    'surroundings.ts',
    'end-clock.ts',
    'ending.ts',
    ...PARTS,
  ],
  cli: ['proxy.ts', 'http-proxy.ts', 'composition.ts', 'surroundings.ts', 'end-clock.ts', 'ending.ts', ...PARTS],
};

/** Parts without I/O: they see neither Node's modules nor anybody's packages. */
const PURE = new Set(['core', 'middleware', 'errors.ts', 'config.ts']);

/** Measured: these cost several times the CPU and start-up of what the program does itself, and they change messages. */
const UNWANTED = /^(@modelcontextprotocol\/|express$|zod$|undici$)/;

const MAX_LINES = 320;

interface SourceFile {
  /** Path below `src`, with slashes. */
  readonly name: string;
  readonly part: string;
  readonly text: string;
  readonly imports: readonly string[];
}

function partOf(name: string): string {
  return name.split('/')[0] as string;
}

/** The source without its comments; enough for files whose strings hold no comment marks at the start of a line. */
function withoutComments(text: string): string {
  return text.replace(/\/\*\*?[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '$1');
}

/** Every module a file names: static, type-only, re-exported, dynamic, and in types (`import('x').Y`). */
function importsOf(text: string): string[] {
  const code = withoutComments(text);
  const found = [
    ...code.matchAll(/^\s*(?:import|export)\b[^;'"]*?\bfrom\s*['"]([^'"]+)['"]/gm),
    ...code.matchAll(/^\s*import\s*['"]([^'"]+)['"]/gm),
    ...code.matchAll(/\bimport\s*\(\s*['"]([^'"]+)['"]\s*\)/g),
    ...code.matchAll(/\brequire\s*\(\s*['"]([^'"]+)['"]\s*\)/g),
  ];
  return found.map((match) => match[1] as string);
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.name !== 'node_modules')
    .flatMap((entry) => {
      const file = path.join(folder, entry.name);
      return entry.isDirectory() ? filesBelow(file) : [file];
    });
}

const files: SourceFile[] = filesBelow(SOURCE)
  .filter((file) => file.endsWith('.ts'))
  .map((file) => {
    const name = path.relative(SOURCE, file).split(path.sep).join('/');
    const text = readFileSync(file, 'utf8');
    return { name, part: partOf(name), text, imports: importsOf(text) };
  });

const byName = new Map(files.map((file) => [file.name, file]));

/** The file below `src` that a relative import means. */
function target(file: SourceFile, specifier: string): string {
  return path.posix.join(path.posix.dirname(file.name), specifier);
}

function internal(file: SourceFile): string[] {
  return file.imports.filter((specifier) => specifier.startsWith('.')).map((specifier) => target(file, specifier));
}

function external(file: SourceFile): string[] {
  return file.imports.filter((specifier) => !specifier.startsWith('.'));
}

/** One ring of imports, as a list of files that ends where it began; undefined when there is none. */
function findCycle(graph: ReadonlyMap<string, readonly string[]>): string[] | undefined {
  const done = new Set<string>();
  const visit = (name: string, above: readonly string[]): string[] | undefined => {
    if (above.includes(name)) return [...above.slice(above.indexOf(name)), name];
    if (done.has(name)) return undefined;
    for (const next of graph.get(name) ?? []) {
      const cycle = visit(next, [...above, name]);
      if (cycle) return cycle;
    }
    done.add(name);
    return undefined;
  };
  for (const name of graph.keys()) {
    const cycle = visit(name, []);
    if (cycle) return cycle;
  }
  return undefined;
}

describe('the reader of imports', () => {
  it('sees every form of an import and no comment', () => {
    const text = [
      "import { a } from './a.ts';",
      'import {',
      '  b,',
      '  type C,',
      "} from './b.ts';",
      "import type { D } from './d.ts';",
      "import './e.ts';",
      "export { f } from './f.ts';",
      "export * from './g.ts';",
      "const h = await import('./h.ts');",
      "type I = import('./i.ts').I;",
      "const j = import(/* lazily */ './j.ts');",
      "// import { x } from './x.ts';",
      "/* import { y } from './y.ts'; */",
      "const bytes = Buffer.from('z');",
    ].join('\n');
    expect(importsOf(text).sort()).toEqual(['a', 'b', 'd', 'e', 'f', 'g', 'h', 'i', 'j'].map((name) => `./${name}.ts`));
  });

  it('finds a cycle where there is one', () => {
    const ring = new Map([
      ['a', ['b']],
      ['b', ['c']],
      ['c', ['b']],
    ]);
    expect(findCycle(ring)).toEqual(['b', 'c', 'b']);
    expect(findCycle(new Map([['a', ['b']]]))).toBeUndefined();
  });

  it('sees the source', () => {
    expect(files.length).toBeGreaterThan(20);
    // Lines that speak of importing and were not understood would escape every rule below.
    const lost = files.filter((file) => {
      const code = withoutComments(file.text).replace(/import\.meta/g, '');
      return [...code.matchAll(/^\s*import\b|\bimport\s*\(/gm)].length > file.imports.length;
    });
    expect(lost.map((file) => file.name)).toEqual([]);
  });
});

describe('import direction', () => {
  it('every file belongs to a known part', () => {
    expect(files.filter((file) => !(file.part in MAY_IMPORT)).map((file) => file.name)).toEqual([]);
  });

  it('relative imports name files that exist, with their extension', () => {
    const wrong = files.flatMap((file) =>
      internal(file)
        .filter((name) => !byName.has(name))
        .map((name) => `${file.name} -> ${name}`),
    );
    expect(wrong).toEqual([]);
  });

  it('imports go down only, and never between siblings', () => {
    const wrong = files.flatMap((file) =>
      internal(file)
        .filter((name) => partOf(name) !== file.part && !MAY_IMPORT[file.part]?.includes(partOf(name)))
        .map((name) => `${file.name} -> ${name}`),
    );
    expect(wrong).toEqual([]);
  });

  it('there are no cycles', () => {
    expect(findCycle(new Map(files.map((file) => [file.name, internal(file)])))).toBeUndefined();
  });

  it('parts without I/O import no module of Node and no package', () => {
    const wrong = files
      .filter((file) => PURE.has(file.part))
      .flatMap((file) => external(file).map((specifier) => `${file.name} -> ${specifier}`));
    expect(wrong).toEqual([]);
  });

  it("Node's modules are named with their scheme, and the slow ones stay out", () => {
    const wrong = files.flatMap((file) =>
      external(file)
        .filter(
          (specifier) => UNWANTED.test(specifier) || /^(fs|path|http|https|os|net|tls|crypto)(\/|$)/.test(specifier),
        )
        .map((specifier) => `${file.name} -> ${specifier}`),
    );
    expect(wrong).toEqual([]);
  });

  it('what starts the program names the program only, after what keeps its compiled code', () => {
    const starter = readFileSync(path.join(ROOT, 'bin', 'mcp-proxy.js'), 'utf8');
    // The reader of lines is for a Node that is too old for the program.
    expect(importsOf(starter)).toEqual(['../dist/compile-cache.js', '../dist/mcp-proxy.js', 'node:readline']);
  });
});

describe('one place for each thing', () => {
  it('only the main program ends the process', () => {
    const ending = files.filter((file) =>
      /\bprocess\s*\.\s*(exit|abort|reallyExit)\b/.test(withoutComments(file.text)),
    );
    expect(ending.map((file) => file.name)).toEqual(['cli/main.ts']);
  });

  it('stdout is written to by those who own it', () => {
    const writing = files.filter((file) => /\bprocess\s*\.\s*stdout\b|\bconsole\s*\./.test(withoutComments(file.text)));
    expect(writing.map((file) => file.name)).toEqual(['cli/main.ts']);
  });

  it('no file is a drawer for everything', () => {
    const named = ['src', 'test', 'scripts', 'bin', 'examples', 'bench']
      .flatMap((folder) => filesBelow(path.join(ROOT, folder)))
      .map((file) => path.relative(ROOT, file))
      .filter((file) => /(^|[\\/])(utils?|helpers?|common|misc)(\.[^\\/]*|[\\/].*)$/i.test(file));
    expect(named).toEqual([]);
  });

  it('no file has grown into two', () => {
    const long = files
      .map((file) => ({ name: file.name, lines: file.text.split('\n').length - 1 }))
      .filter((file) => file.lines > MAX_LINES);
    expect(long).toEqual([]);
  });
});
