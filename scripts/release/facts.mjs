// What the files of a release say about the program, read from package.json.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { root } from '../run.mjs';

const manifest = () => JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));

/** Without an article, the name or a full stop at its end, as Homebrew and Debian want it. */
export const SUMMARY = 'Connects any MCP client to any MCP server';

/** @returns {string} */
export const packageName = () => manifest().name;

/** @returns {string} */
export const packageVersion = () => manifest().version;

/** The address of the repository's page, without a slash at its end. */
export const repositoryUrl = () =>
  manifest()
    .repository.url.replace(/^git\+/, '')
    .replace(/\.git$/, '');
