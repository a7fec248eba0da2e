#!/bin/sh
# Installs mcp-proxy @VERSION@ for this user, into ~/.local:
#
#   curl -fsSL @REPOSITORY@/releases/latest/download/install.sh | sh
#
# MCP_PROXY_PREFIX names another folder to install into; MCP_PROXY_DOWNLOADS a folder or a URL with the release's files.
set -eu

version='@VERSION@'
downloads=${MCP_PROXY_DOWNLOADS:-'@REPOSITORY@/releases/download/v@VERSION@'}
npm='npm install -g @mikluko/mcp-proxy'

# The SHA-256 digests of the archives.
digest_of() {
  case $1 in
    # @DIGESTS@
    *) fail "there is no executable for $1" "$npm" ;;
  esac
}

fail() {
  printf 'install.sh: %s\n' "$1" >&2
  [ $# -lt 2 ] || printf 'hint: %s\n' "$2" >&2
  exit 1
}

system_of_this_machine() {
  case $(uname -s) in
    Linux) system=linux ;;
    Darwin) system=macos ;;
    *) fail "there is no executable for $(uname -s)" "$npm" ;;
  esac
  case $(uname -m) in
    x86_64 | amd64) processor=x64 ;;
    aarch64 | arm64) processor=arm64 ;;
    *) fail "there is no executable for $(uname -m)" "$npm" ;;
  esac
  # A shell that macOS translates says x86_64 on an arm64 machine.
  if [ "$system" = macos ] && [ "$(sysctl -n sysctl.proc_translated 2>/dev/null || true)" = 1 ]; then processor=arm64; fi
  printf '%s-%s\n' "$system" "$processor"
}

fetch() {
  if [ -f "$1" ]; then
    cp "$1" "$2"
  elif command -v curl >/dev/null 2>&1; then
    curl -fsSL -o "$2" "$1" || fail "cannot download $1"
  elif command -v wget >/dev/null 2>&1; then
    wget -q -O "$2" "$1" || fail "cannot download $1"
  else
    fail 'neither curl nor wget is installed'
  fi
}

sha256() {
  if command -v sha256sum >/dev/null 2>&1; then sha256sum "$1" | cut -d ' ' -f 1; else shasum -a 256 "$1" | cut -d ' ' -f 1; fi
}

# A function, so that a download of this script that breaks off runs nothing.
main() {
  prefix=${MCP_PROXY_PREFIX:-"${HOME:?}/.local"}
  target=$(system_of_this_machine)
  digest=$(digest_of "$target")
  name="mcp-proxy-$version-$target"
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  trap 'exit 1' HUP INT TERM

  fetch "$downloads/$name.tar.gz" "$work/$name.tar.gz"
  found=$(sha256 "$work/$name.tar.gz")
  [ "$found" = "$digest" ] || fail "$name.tar.gz has the digest $found, not $digest; nothing was installed"
  tar -xzf "$work/$name.tar.gz" -C "$work"
  if ! "$work/$name/mcp-proxy" --version >/dev/null; then
    fail 'the executable does not start on this system; nothing was installed' \
      "it needs glibc 2.28 or newer, libstdc++ and libatomic; or with Node: $npm"
  fi

  mkdir -p "$prefix/bin"
  # Renamed into place, so that a running copy stays whole.
  cp "$work/$name/mcp-proxy" "$prefix/bin/.mcp-proxy.new"
  mv -f "$prefix/bin/.mcp-proxy.new" "$prefix/bin/mcp-proxy"
  if [ -d "$work/$name/share" ]; then
    mkdir -p "$prefix/share"
    cp -R "$work/$name/share/." "$prefix/share/"
  fi
  mkdir -p "$prefix/share/doc/mcp-proxy"
  cp "$work/$name/THIRD-PARTY-LICENSES.txt" "$prefix/share/doc/mcp-proxy/"
  printf 'mcp-proxy %s is installed: %s\n' "$version" "$prefix/bin/mcp-proxy"
  case ":$PATH:" in
    *":$prefix/bin:"*) ;;
    *) printf 'hint: add %s to your PATH\n' "$prefix/bin" ;;
  esac
}

main
