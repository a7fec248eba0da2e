import { describe, expect, it } from 'vitest';
import { startLook } from '../../../../src/platform/processes/identity.ts';
import { parseRecord } from '../../../../src/platform/processes/records.ts';
import { treeSignal } from '../../../../src/platform/processes/tree.ts';

describe('a signal for a process and everything below it', () => {
  it.each([
    ['linux', 'SIGTERM', { kind: 'group', pid: -42, signal: 'SIGTERM' }],
    ['darwin', 'SIGKILL', { kind: 'group', pid: -42, signal: 'SIGKILL' }],
    ['win32', 'SIGTERM', { kind: 'none' }],
    [
      'win32',
      'SIGKILL',
      { kind: 'command', file: 'D:\\Win\\System32\\taskkill.exe', args: ['/PID', '42', '/T', '/F'] },
    ],
  ] as const)('on %s, %s', (platform, signal, expected) => {
    expect(treeSignal(platform, 42, signal, 'D:\\Win')).toEqual(expected);
  });

  it('on Windows without SystemRoot names the usual folder, never one of PATH', () => {
    expect(treeSignal('win32', 1, 'SIGKILL', undefined)).toMatchObject({ file: 'C:\\Windows\\System32\\taskkill.exe' });
  });
});

describe('the start of a process without /proc', () => {
  it('is what ps says', () => {
    expect(startLook('darwin', 42)).toEqual({ file: '/bin/ps', args: ['-o', 'lstart=', '-p', '42'] });
  });

  it('is what PowerShell says', () => {
    const { file, args } = startLook('win32', 42, 'D:\\Win');
    expect(file).toBe('D:\\Win\\System32\\WindowsPowerShell\\v1.0\\powershell.exe');
    expect(args.at(-1)).toBe('(Get-Process -Id 42).StartTime.ToFileTimeUtc()');
  });
});

describe('the record of a process', () => {
  const record = { place: 'here', owner: { pid: 10, started: 'a' }, child: { pid: 11, started: 'b' } };

  it('is read as it was written', () => {
    expect(parseRecord(JSON.stringify(record))).toEqual(record);
  });

  it.each([
    ['no JSON', '{'],
    ['null', 'null'],
    ['a pid that means a group or everything', JSON.stringify({ ...record, child: { pid: -1, started: 'b' } })],
    ['a pid of 0', JSON.stringify({ ...record, child: { pid: 0, started: 'b' } })],
    ['the pid of init', JSON.stringify({ ...record, child: { pid: 1, started: 'b' } })],
    ['a pid that is no number', JSON.stringify({ ...record, child: { pid: '11', started: 'b' } })],
    ['a pid alone', JSON.stringify({ ...record, child: { pid: 11 } })],
    ['an empty start', JSON.stringify({ ...record, child: { pid: 11, started: '' } })],
    ['no owner', JSON.stringify({ ...record, owner: undefined })],
    ['no place', JSON.stringify({ ...record, place: undefined })],
  ])('is none: %s', (_, text) => {
    expect(parseRecord(text)).toBeUndefined();
  });
});
