// The structure of the source, as docs/architecture.md tells it: which folder may import which, and what only one file
// may do.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const ROOT = path.join(path.dirname(fileURLToPath(import.meta.url)), '..');
const SOURCE = path.join(ROOT, 'src');

/**
 * bin ▸ cli ▸ app ▸ { downstream  layers  upstream  auth  http  state  hosts } ▸ { wire  platform } ▸ mcp ▸ core ▸ errors.ts:
 * a room imports from the rows below its own, never from a room beside it. `config.ts` is types and values for all.
 */
const ROWS: readonly (readonly string[])[] = [
  ['errors.ts'],
  ['core'],
  ['config.ts', 'mcp'],
  ['wire', 'platform'],
  ['downstream', 'layers', 'upstream', 'auth', 'http', 'state', 'hosts'],
  ['app'],
  ['cli', 'index.ts'],
];

const rowOf = (part: string): number => ROWS.findIndex((row) => row.includes(part));

/** Folders without I/O: they import neither Node's modules nor packages. */
const PURE = new Set(['core', 'mcp', 'layers', 'errors.ts', 'config.ts']);

/** How many files a folder may have, folders in it not counted. With more, nobody finds a file by its name. */
const MAX_FILES = 16;

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
    .filter(({ name }) => name !== 'node_modules' && name !== '.cache')
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
    // A line about an import that was not understood would escape every rule below.
    const lost = files.filter((file) => {
      const code = withoutComments(file.text).replace(/import\.meta/g, '');
      return [...code.matchAll(/^\s*import\b|\bimport\s*\(/gm)].length > file.imports.length;
    });
    expect(lost.map((file) => file.name)).toEqual([]);
  });
});

describe('import direction', () => {
  it('every file belongs to a known part', () => {
    expect(files.filter((file) => rowOf(file.part) === -1).map((file) => file.name)).toEqual([]);
  });

  it('every relative import names a file that exists, with its extension', () => {
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
        .filter((name) => partOf(name) !== file.part && rowOf(partOf(name)) >= rowOf(file.part))
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

  it('every module of Node is imported with its scheme, and no file imports a slow package', () => {
    const wrong = files.flatMap((file) =>
      external(file)
        .filter(
          (specifier) => UNWANTED.test(specifier) || /^(fs|path|http|https|os|net|tls|crypto)(\/|$)/.test(specifier),
        )
        .map((specifier) => `${file.name} -> ${specifier}`),
    );
    expect(wrong).toEqual([]);
  });

  it('bin/mcp-proxy.js loads the code cache and then the program, and nothing else', () => {
    const starter = readFileSync(path.join(ROOT, 'bin', 'mcp-proxy.js'), 'utf8');
    // The reader of lines is for a Node that is too old for the program.
    expect(importsOf(starter)).toEqual([
      'node:module',
      '../dist/compile-cache.cjs',
      '../dist/mcp-proxy.cjs',
      'readline',
    ]);
  });
});

describe('one place for each thing', () => {
  it('no program is started with a console window of its own on Windows', () => {
    const starters = files.filter((file) => /^import (?!type\b)[^;]*from 'node:child_process'/m.test(file.text));
    expect(starters.length).toBeGreaterThan(4);
    const windows = starters.map((file) => {
      const code = withoutComments(file.text);
      const starts = code.match(/\b(?:spawn|execFile|exec|fork)(?:Sync)?\(|\bspawner\(\)\)\(/g) ?? [];
      return { name: file.name, starts: starts.length, hidden: (code.match(/\bwindowsHide: true\b/g) ?? []).length };
    });
    expect(windows.filter(({ starts, hidden }) => starts === 0 || hidden !== starts)).toEqual([]);
  });

  it('only the main program ends the process', () => {
    const ending = files.filter((file) =>
      /\bprocess\s*\.\s*(exit|abort|reallyExit)\b/.test(withoutComments(file.text)),
    );
    expect(ending.map((file) => file.name)).toEqual(['cli/main.ts']);
  });

  it('only two files write to stdout', () => {
    const writing = files.filter((file) => /\bprocess\s*\.\s*stdout\b|\bconsole\s*\./.test(withoutComments(file.text)));
    // If the caller of the library names no streams, it gets those of the process.
    expect(writing.map((file) => file.name)).toEqual(['app/library/options.ts', 'cli/main.ts']);
  });

  it('no file or folder has a name that says nothing, such as "utils"', () => {
    const named = ['src', 'test', 'scripts', 'bin', 'examples', 'bench']
      .flatMap((folder) => filesBelow(path.join(ROOT, folder)))
      .map((file) => path.relative(ROOT, file))
      .filter((file) => /(^|[\\/])(utils?|helpers?|common|misc)(\.[^\\/]*|[\\/].*)$/i.test(file));
    expect(named).toEqual([]);
  });

  it('no folder has more files than a reader can take in', () => {
    const counts = new Map<string, number>();
    for (const { name } of files) counts.set(path.posix.dirname(name), (counts.get(path.posix.dirname(name)) ?? 0) + 1);
    expect([...counts].filter(([, count]) => count > MAX_FILES)).toEqual([]);
  });

  it('no two types have the same name', () => {
    const places = new Map<string, string[]>();
    for (const { name, text } of files) {
      for (const [, type = ''] of text.matchAll(/^(?:export )?(?:abstract )?(?:type|interface|class) ([A-Z]\w*)/gm)) {
        if (places.get(type)?.at(-1) !== name) places.set(type, [...(places.get(type) ?? []), name]);
      }
    }
    expect([...places].filter(([, where]) => where.length > 1)).toEqual([]);
  });

  // Biome checks the length of functions (biome.json): 60 lines, closures and factories of objects included.
  it('no file is too long', () => {
    const long = files
      .map((file) => ({ name: file.name, lines: file.text.split('\n').length - 1 }))
      .filter((file) => file.lines > MAX_LINES);
    expect(long).toEqual([]);
  });
});

describe('docs/architecture.md', () => {
  const page = readFileSync(path.join(ROOT, 'docs', 'architecture.md'), 'utf8');
  const folders = new Set(files.map(({ name }) => path.posix.dirname(name)).filter((folder) => folder !== '.'));

  it('names every folder', () => {
    expect([...folders].filter((folder) => !page.includes(`| \`${folder}/\` |`))).toEqual([]);
  });

  it('names no folder and no file that does not exist', () => {
    const rooms = [...page.matchAll(/^\| `([^`]+)\/` \|/gm)].map(([, folder]) => folder as string);
    expect(rooms.length).toBeGreaterThan(20);
    expect(rooms.filter((folder) => !folders.has(folder))).toEqual([]);
    const named = [...page.matchAll(/`((?:[a-z-]+\/)+[a-z-]+\.ts)`/g)].map(([, file]) => file as string);
    expect(named.filter((file) => !byName.has(file) && !file.startsWith('test/'))).toEqual([]);
  });
});

describe('test/README.md', () => {
  const page = readFileSync(path.join(ROOT, 'test', 'README.md'), 'utf8');
  const foldersIn = (folder: string): string[] =>
    readdirSync(path.join(ROOT, 'test', folder), { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
      .map(({ name }) => `${folder}${name}/`);

  it('names every folder', () => {
    const named = new Set([...page.matchAll(/`((?:[a-z-]+\/)+)`/g)].map(([, folder]) => folder));
    const all = [...foldersIn(''), ...foldersIn('blackbox/'), ...foldersIn('parity/')];
    const split = ['blackbox/', 'parity/'];
    expect(all.filter((folder) => !named.has(folder) && !split.includes(folder))).toEqual([]);
  });
});
