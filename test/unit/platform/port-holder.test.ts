import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import net, { type AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { portHolder } from '../../../src/platform/port-holder.ts';

const LOOPBACK = ['127.0.0.1', '::1'];

async function withListener<T>(address: string, use: (port: number) => Promise<T>): Promise<T> {
  const server = net.createServer();
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, address, resolve));
  try {
    return await use((server.address() as AddressInfo).port);
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
}

describe('on this machine', () => {
  it.each(['127.0.0.1', '0.0.0.0'])('names the program that listens on %s, where the system tells', async (address) => {
    const holder = await withListener(address, (port) => portHolder(port, LOOPBACK));
    expect(holder).toBe(
      process.platform === 'linux' ? `${path.basename(process.execPath)} (pid ${process.pid})` : undefined,
    );
  });

  it('names nobody for a port that is free', async () => {
    const port = await withListener('127.0.0.1', (taken) => Promise.resolve(taken));
    expect(await portHolder(port, LOOPBACK)).toBeUndefined();
  });
});

// What other systems, kernels and users look like in /proc; links of this kind cannot be made on Windows.
describe.runIf(process.platform !== 'win32')('with a table of its own', () => {
  const HEAD = '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n';
  const NONE4 = '00000000:0000';
  const NONE6 = `${'0'.repeat(32)}:0000`;
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'proc-'));
    mkdirSync(path.join(folder, 'net'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  function row(local: string, state: string, inode: number): string {
    const remote = local.length > 20 ? NONE6 : NONE4;
    return `   0: ${local} ${remote} ${state} 00000000:00000000 00:00000000 00000000  1000        0 ${inode} 1 0 100 0 0 10 0\n`;
  }
  function table(name: 'tcp' | 'tcp6', ...rows: string[]): void {
    writeFileSync(path.join(folder, 'net', name), HEAD + rows.join(''));
  }
  function running(pid: number, program: { exe?: string; comm?: string }, ...links: string[]): void {
    const own = path.join(folder, String(pid));
    mkdirSync(path.join(own, 'fd'), { recursive: true });
    links.forEach((link, index) => {
      symlinkSync(link, path.join(own, 'fd', String(index)));
    });
    if (program.exe !== undefined) symlinkSync(program.exe, path.join(own, 'exe'));
    if (program.comm !== undefined) writeFileSync(path.join(own, 'comm'), program.comm);
  }

  it.each([
    ['tcp', '0100007F:0CEA'],
    ['tcp', '00000000:0CEA'],
    ['tcp6', '00000000000000000000000001000000:0CEA'],
    ['tcp6', '00000000000000000000000000000000:0CEA'],
    ['tcp6', '0000000000000000FFFF00000100007F:0CEA'],
  ] as const)('finds it in %s at %s', async (name, local) => {
    table(name, row('0100007F:0016', '0A', 1), row(local, '0A', 77));
    running(10, { exe: '/bin/other' }, '/dev/null', 'socket:[1]');
    running(11, { exe: '/usr/sbin/nginx' }, '/dev/null', 'pipe:[77]', 'socket:[77]');
    expect(await portHolder(3306, LOOPBACK, folder)).toBe('nginx (pid 11)');
  });

  it.each([
    ['another port', '0100007F:0CEB', '0A'],
    ['an address of the network', '0200A8C0:0CEA', '0A'],
    ['another loopback address', '0200007F:0CEA', '0A'],
    ['an address that is none', '0200XY7F:0CEA', '0A'],
    ['a connection, and no listener', '0100007F:0CEA', '01'],
  ])('does not take %s for it', async (_what, local, state) => {
    table('tcp', row(local, state, 77));
    running(11, { exe: '/usr/sbin/nginx' }, 'socket:[77]');
    expect(await portHolder(3306, LOOPBACK, folder)).toBeUndefined();
  });

  it.each([
    ['192.168.0.2', 'tcp', '0200A8C0:0CEA'],
    ['192.168.0.2', 'tcp', '00000000:0CEA'],
    ['192.168.0.2', 'tcp6', '0000000000000000FFFF00000200A8C0:0CEA'],
    ['2001:db8::1', 'tcp6', 'B80D0120000000000000000001000000:0CEA'],
    ['0.0.0.0', 'tcp', '0200A8C0:0CEA'],
    ['::', 'tcp', '0100007F:0CEA'],
  ] as const)('finds what keeps a listener from %s, in %s at %s', async (wanted, name, local) => {
    table(name, row(local, '0A', 77));
    running(11, { exe: '/usr/sbin/nginx' }, 'socket:[77]');
    expect(await portHolder(3306, [wanted], folder)).toBe('nginx (pid 11)');
  });

  it.each([
    ['192.168.0.2', '0100007F:0CEA'],
    ['192.168.0.2', '0300A8C0:0CEA'],
  ])('does not take a listener elsewhere for one on %s: %s', async (wanted, local) => {
    table('tcp', row(local, '0A', 77));
    running(11, { exe: '/usr/sbin/nginx' }, 'socket:[77]');
    expect(await portHolder(3306, [wanted], folder)).toBeUndefined();
  });

  it('knows programs that were replaced, and those whose file is hidden', async () => {
    table('tcp', row('0100007F:0CEA', '0A', 77));
    running(11, { exe: '/usr/bin/node (deleted)', comm: 'MainThread\n' }, 'socket:[77]');
    expect(await portHolder(3306, LOOPBACK, folder)).toBe('node (pid 11)');
    rmSync(path.join(folder, '11', 'exe'));
    expect(await portHolder(3306, LOOPBACK, folder)).toBe('MainThread (pid 11)');
    writeFileSync(path.join(folder, '11', 'comm'), 'ev\u001b[2Jil\n');
    expect(await portHolder(3306, LOOPBACK, folder)).toBe('ev [2Jil (pid 11)');
    rmSync(path.join(folder, '11', 'comm'));
    expect(await portHolder(3306, LOOPBACK, folder)).toBe('a program (pid 11)');
  });

  it('says nothing where nothing can be known', async () => {
    expect(await portHolder(3306, LOOPBACK, path.join(folder, 'absent'))).toBeUndefined();
    expect(await portHolder(3306, LOOPBACK, folder)).toBeUndefined();
    table('tcp', row('0100007F:0CEA', '0A', 77), 'garbage\n', '\n', ': : :\n');
    expect(await portHolder(3306, LOOPBACK, folder)).toBeUndefined();
  });
});
