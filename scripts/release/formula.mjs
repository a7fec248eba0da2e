// The formula of Homebrew: it installs the executables, so users need no Node.
import { repositoryUrl, SUMMARY } from './facts.mjs';

// The blocks of a formula, by the system and processor as Homebrew names them.
const BLOCKS = [
  ['on_macos', 'on_arm', 'macos-arm64'],
  ['on_macos', 'on_intel', 'macos-x64'],
  ['on_linux', 'on_arm', 'linux-arm64'],
  ['on_linux', 'on_intel', 'linux-x64'],
];

/**
 * @param {{ version: string, archives: ReadonlyMap<string, { file: string, sha256: string }> }} release the archives by target
 * @returns {string} the text of `mcp-proxy.rb`
 * @throws {Error} when the archive of a system is missing
 */
export function formulaOf({ version, archives }) {
  const system = (/** @type {string} */ name) => {
    const processors = BLOCKS.filter(([on]) => on === name).map(([, processor, target = '']) => {
      const archive = archives.get(target);
      if (archive === undefined) throw new Error(`the formula needs the archive for ${target}`);
      return `    ${processor} do
      url "${repositoryUrl()}/releases/download/v${version}/${archive.file}"
      sha256 "${archive.sha256}"
    end`;
    });
    return `  ${name} do\n${processors.join('\n')}\n  end`;
  };
  return `class McpProxy < Formula
  desc "${SUMMARY}"
  homepage "${repositoryUrl()}"
  version "${version}"
  license "MIT"

${system('on_macos')}

${system('on_linux')}

  def install
    bin.install "mcp-proxy"
    share.install Dir["share/*"]
    prefix.install "LICENSE", "THIRD-PARTY-LICENSES.txt"
  end

  test do
    assert_equal version.to_s, shell_output("#{bin}/mcp-proxy --version").strip
  end
end
`;
}
