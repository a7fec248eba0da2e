// The type declarations of the package hold all that its public API names.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { root } from '../../scripts/run.mjs';

const folder = mkdtempSync(path.join(os.tmpdir(), 'mcp-proxy-types-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A program that uses the API, with one mistake in its last line. */
const PROGRAM = `
import { DEFAULTS, fileStore, type Environment, ProxyError, startHttpProxy, startStdioProxy } from 'PACKAGE';
const environment: Partial<Environment> = { credentials: fileStore('folder'), logOf: () => console };
const running = await startStdioProxy({ url: 'https://server.example/mcp', environment, auth: { grant: 'browser' } });
running.hopeless.then((error) => (error instanceof ProxyError ? running.close('signal') : undefined));
const { url } = await startHttpProxy({ command: 'node', args: ['server.js'], listen: { port: 0 } });
export const level: 'info' | 'debug' | 'warn' | 'error' = DEFAULTS.logLevel;
export const wrong: number = url;
`;

it('programs are checked against the whole API', () => {
  const declarations = path.join(root, 'dist', 'types', 'index.d.ts');
  const program = path.join(folder, 'program.ts');
  writeFileSync(program, PROGRAM.replace('PACKAGE', declarations.replace(/\.d\.ts$/, '.ts')));
  const compilerOptions = {
    ...{ target: 'es2023', lib: ['es2023'], module: 'esnext', moduleResolution: 'bundler', strict: true, noEmit: true },
    ...{ types: ['node'], typeRoots: [path.join(root, 'node_modules', '@types')], allowImportingTsExtensions: true },
  };
  const files = [program, declarations];
  writeFileSync(path.join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files }));
  const tsc = path.join(path.dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc');
  const { stdout } = spawnSync(process.execPath, [tsc, '-p', folder, '--pretty', 'false'], { encoding: 'utf8' });
  expect(stdout.trim()).toMatch(/^[^\n]*program\.ts\(8,14\): error TS2322: [^\n]*$/);
});
