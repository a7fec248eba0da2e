// The environment the proxy is started in.
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const BROWSER = fileURLToPath(new URL('browser.mjs', import.meta.url));

// Variables by which a program may decide whether somebody sits in front of this machine.
const SURROUNDINGS = /^(SSH_.*|DISPLAY|WAYLAND_DISPLAY)$/;
const HARNESS = /^(HARNESS|MCP_CONFORMANCE_.*)$/;

/** A home of its own, so that nothing from another run has an influence. */
function privateHome(folder) {
  const home = path.join(folder, 'home');
  fs.mkdirSync(home, { recursive: true });
  const cache = path.join(home, '.cache');
  return {
    HOME: home,
    USERPROFILE: home,
    XDG_CACHE_HOME: cache,
    XDG_CONFIG_HOME: path.join(home, '.config'),
    XDG_DATA_HOME: path.join(home, '.local', 'share'),
    XDG_STATE_HOME: path.join(home, '.local', 'state'),
    LOCALAPPDATA: cache,
    APPDATA: path.join(home, 'roaming'),
  };
}

// A program that does not look at BROWSER finds the stand-in under the names of the system's openers: no scenario may
// open a window on somebody's desktop.
function withOpeners(folder, searched) {
  if (process.platform === 'win32') return searched;
  const bin = path.join(folder, 'bin');
  fs.mkdirSync(bin, { recursive: true });
  for (const name of ['xdg-open', 'open', 'sensible-browser', 'x-www-browser', 'wslview']) {
    fs.symlinkSync(BROWSER, path.join(bin, name));
  }
  return [bin, searched].filter(Boolean).join(path.delimiter);
}

/** For one scenario, in its folder; every process the host starts shares it, as on a person's machine. */
export function proxyEnvironment(folder, browserDelay) {
  const kept = Object.entries(process.env).filter(([name]) => !SURROUNDINGS.test(name) && !HARNESS.test(name));
  return {
    ...Object.fromEntries(kept),
    ...privateHome(folder),
    PATH: withOpeners(folder, process.env.PATH),
    BROWSER,
    BROWSER_LOG: path.join(folder, 'browser.log'),
    BROWSER_DELAY: String(browserDelay),
  };
}
