// The ways from the suite to the server behind, in server mode.
import fs from 'node:fs';
import path from 'node:path';
import { proxyEnvironment } from '../host/environment.mjs';
import { FOLDER } from './install.mjs';
import { builtListener, builtLocalListener } from './project.mjs';
import { EXTENSION } from './suite.mjs';
import { startServer } from './processes.mjs';

/**
 * The reference, and how many upstream sessions the proxy has: one for each client, or one for all. `local`: the server
 * is a program that the proxy starts. `other-era`: the server speaks only the era that the suite does not.
 */
export const DIRECT = 'direct';
const LOCAL = 'local';
const OTHER_ERA = 'other-era';
export const THROUGH = ['per-client', 'shared', LOCAL, OTHER_ERA];
/** Several replicas behind nginx, each with the way that they must not differ from. */
const REPLICATED = { replicas: 'per-client', 'replicas-local': LOCAL, 'replicas-other-era': OTHER_ERA };
export const REPLICATED_WAYS = Object.keys(REPLICATED);
/** The way with one process that a way stands for. */
export const baseOf = (way) => REPLICATED[way] ?? way;
const REPLICAS = 3;
/** Not the proxy: a hop that changes nothing, and a command of somebody's own. */
export const PASSTHROUGH = 'passthrough';
export const OWN = 'command';

const MAIN = path.join(FOLDER, 'upstream', 'main.mjs');

function kindOf({ spec, way }) {
  const isModern = spec === EXTENSION || spec >= '2026';
  return isModern === (baseOf(way) === OTHER_ERA) ? 'sessions' : 'stateless';
}

function commandOf({ spec, way }, own) {
  if (way === PASSTHROUGH) return [process.execPath, path.join(FOLDER, 'lib', 'passthrough.mjs'), '{URL}'];
  if (way === OWN) return own;
  if (Object.hasOwn(REPLICATED, way)) {
    const one = commandOf({ spec, way: baseOf(way) }, own);
    return [process.execPath, path.join(FOLDER, 'lib', 'replicated.mjs'), String(REPLICAS), ...one];
  }
  if (way === LOCAL) return builtLocalListener([process.execPath, MAIN, kindOf({ spec, way }), 'stdio']);
  return [...builtListener(), '--upstream-session', way === OTHER_ERA ? 'per-client' : way];
}

/**
 * Starts the server behind for `spec`, and what stands in front of it. `url` is for the suite; `stop()` ends both and
 * resolves with what was wrong with the one in front, if anything was.
 */
export async function openWay({ spec, way }, { command, folder }) {
  fs.mkdirSync(folder, { recursive: true });
  const upstream = await startServer([process.execPath, MAIN, kindOf({ spec, way })], {
    logFile: path.join(folder, 'upstream.stderr'),
  });
  const upstreamUrl = `${upstream.origin}/mcp`;
  if (way === DIRECT) return { url: upstreamUrl, stop: () => upstream.stop().then(() => undefined) };

  let front;
  try {
    const words = commandOf({ spec, way }, command).map((word) => word.replaceAll('{URL}', upstreamUrl));
    const env = proxyEnvironment(folder, 0);
    front = await startServer(words, { env, logFile: path.join(folder, 'proxy.stderr') });
  } catch (error) {
    await upstream.stop();
    throw error;
  }
  return {
    url: `${front.origin}/mcp`,
    async stop() {
      const early = front.ended;
      const end = await front.stop();
      await upstream.stop();
      const how = `with ${end.signal ?? `exit code ${end.code}`}`;
      if (early) return `ended ${how} while the suite was running`;
      // Windows knows no signal that a program could end well on.
      const judged = THROUGH.includes(baseOf(way)) && process.platform !== 'win32';
      return judged && end.code !== 0 ? `was asked to end and ended ${how}` : undefined;
    },
  };
}
