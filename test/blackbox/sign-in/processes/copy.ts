// One copy of the program in a process group of its own, so that it can be killed with all its children, as hosts do.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { PROGRAM, type ProxyOptions, proxyEnvironment } from '../../../peers/proxy.ts';
import { RpcClient } from '../../../peers/rpc.ts';

export interface Copy {
  readonly pid: number;
  readonly rpc: RpcClient;
  readonly stderr: string;
  /** Status, or the name of the signal. */
  readonly exited: Promise<number | string>;
  /** Sends a signal to this process alone. */
  signal(signal: NodeJS.Signals): void;
  /** Kills the whole group, and resolves when the copy is gone. */
  kill(): Promise<void>;
}

export function startCopy(
  url: string,
  args: string[],
  { home, env }: Required<Pick<ProxyOptions, 'home' | 'env'>>,
): Copy {
  const [file, ...script] = PROGRAM;
  const child = spawn(file, [...script, url, ...args], {
    env: { ...proxyEnvironment(home), ...env },
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const { pid } = child;
  if (pid === undefined) throw new Error(`cannot start ${process.execPath}`);
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  child.stdin.on('error', () => {});
  const rpc = new RpcClient({ write: (line) => child.stdin.write(`${line}\n`), describe: () => stderr });
  createInterface({ input: child.stdout }).on('line', (line) => rpc.accept(line));
  const exited = once(child, 'exit').then(([code, signal]) => {
    const how = (code ?? signal) as number | string;
    rpc.end(`the proxy ended with ${how}`);
    return how;
  });
  const killGroup = (): void => {
    try {
      process.kill(-pid, 'SIGKILL');
    } catch {
      // No process of the group is left.
    }
  };
  // A test run that is cut short must not leave it behind.
  process.once('exit', killGroup);
  void exited.then(() => process.off('exit', killGroup));
  return {
    pid,
    rpc,
    get stderr() {
      return stderr;
    },
    exited,
    signal: (signal) => void child.kill(signal),
    async kill() {
      killGroup();
      await exited;
    },
  };
}
