// Each form in which users get the program: the build of the source, the package of npm, the executable of this system,
// the files of the image, and the bundle of Claude Desktop.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildExecutable } from '../../scripts/release/executable.mjs';
import { formatOf } from '../../scripts/release/format.mjs';
import { layOutImage } from '../../scripts/release/image.mjs';
import { packPackage } from '../../scripts/release/npm-package.mjs';
import { programScript } from '../../scripts/release/program.mjs';
import { HERE } from '../../scripts/release/targets.mjs';
import { capture, npm } from '../../scripts/run.mjs';
import { opened } from '../peers/opened.ts';
import { EXECUTABLE, type PROGRAM, PROXY_BIN } from '../peers/proxy.ts';
import { smokeTests } from './smoke.ts';

const open = opened();
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'mcp-proxy-forms-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Tests one form. `make` resolves with the words that start the program. */
function form(title: string, make: () => Promise<typeof PROGRAM>): void {
  describe(title, () => {
    let program: typeof PROGRAM;
    beforeAll(async () => {
      program = await make();
    });
    smokeTests(() => program, open);
  });
}

form('the build of the source', async () => [process.execPath, PROXY_BIN]);

form('the package of npm in an empty folder', async () => {
  const archive = await packPackage(path.join(folder, 'packed'));
  const project = path.join(folder, 'project');
  // Nothing to fetch: the package has no dependencies.
  const flags = ['--prefix', project, '--offline', '--no-audit', '--no-fund'];
  const { code, output } = await capture([...npm(), 'install', ...flags, archive]);
  expect(code, output).toBe(0);
  return [process.execPath, path.join(project, 'node_modules', '@mikluko', 'mcp-proxy', 'bin', 'mcp-proxy.js')];
});

it.skipIf(process.platform === 'win32')('the package of npm brings its man page, installed globally', async () => {
  const archive = await packPackage(path.join(folder, 'packed-for-all'));
  const prefix = path.join(folder, 'prefix');
  const flags = ['--global', '--prefix', prefix, '--offline', '--no-audit', '--no-fund'];
  const { code, output } = await capture([...npm(), 'install', ...flags, archive]);
  expect(code, output).toBe(0);
  expect(readFileSync(path.join(prefix, 'share', 'man', 'man1', 'mcp-proxy.1'), 'utf8')).toContain('.TH MCP-PROXY 1');
});

form('the files of the image', async () => layOutImage(path.join(folder, 'image')).command);

describe.runIf(HERE)('the executable', () => {
  const target = HERE as NonNullable<typeof HERE>;
  let file: string;
  beforeAll(async () => {
    if (EXECUTABLE !== undefined) {
      file = EXECUTABLE;
      return;
    }
    file = path.join(folder, process.platform === 'win32' ? 'mcp-proxy.exe' : 'mcp-proxy');
    const { hasCodeCache } = await buildExecutable(target, { program: await programScript(), file });
    expect(hasCodeCache).toBe(true);
    // The first time, npm sends Node: 50 MB.
  }, 600_000);

  smokeTests(() => [file], open);

  it('is for this system', () => {
    expect(formatOf(file)).toEqual({ format: target.format, arch: target.arch });
  });

  it('uses its code cache', async () => {
    const started = (NODE_OPTIONS: string) => capture([file, '--version'], { env: { ...process.env, NODE_OPTIONS } });
    expect((await started('')).output).not.toMatch(/code cache/i);
    // V8 accepts no code that was compiled under other flags, so there is a cache to reject.
    expect((await started('--jitless')).output).toMatch(/code cache data rejected/i);
  });

  it('uses the code caches of the files that it loads on demand', async () => {
    const hook = path.join(folder, 'hook.cjs');
    writeFileSync(
      hook,
      `const vm = require('node:vm');
      vm.Script = class extends vm.Script {
        constructor(text, options) {
          super(text, options);
          console.log('compiled', options.filename, this.cachedDataRejected === false ? 'from its cache' : 'anew');
        }
      };`,
    );
    const env = { ...process.env, NODE_OPTIONS: `--require ${JSON.stringify(hook)}` };
    const compiled = (await capture([file, '--help'], { env })).output.match(/^compiled .*/gm) ?? [];
    expect(compiled).toEqual(expect.arrayContaining([expect.stringMatching(/chunks\/usage-/)]));
    for (const line of compiled) expect(line).toMatch(/from its cache$/);
  });

  it('does not treat arguments as those of node', async () => {
    const script = path.join(folder, 'other.js');
    writeFileSync(script, "console.log('another program')");
    const { code, output } = await capture([file, '--eval', 'process.exit(0)']);
    expect(code).toBe(2);
    expect(output).toContain('unknown flag "--eval"');
    expect((await capture([file, script])).output).not.toContain('another program');
  });
});
