import { expect, it } from 'vitest';
import { serverEnvironment } from '../../../../src/upstream/stdio/environment.ts';

const own = { PATH: '/bin', HOME: '/home/u', LC_ALL: 'C', API_KEY: 'k', TOKEN: 't', GONE: undefined };
const nothing = { env: [], cleanEnv: false, withheld: [] };

it('is that of the proxy, without what is withheld', () => {
  expect(serverEnvironment(own, { ...nothing, withheld: ['TOKEN'] }, 'linux')).toEqual({
    PATH: '/bin',
    HOME: '/home/u',
    LC_ALL: 'C',
    API_KEY: 'k',
  });
});

it('a variable of the server replaces one that is inherited, and one that is withheld', () => {
  const env = [
    ['PATH', '/opt'],
    ['TOKEN', 'own'],
  ] as const;
  expect(serverEnvironment(own, { ...nothing, env, withheld: ['TOKEN'] }, 'linux')).toMatchObject({
    PATH: '/opt',
    TOKEN: 'own',
  });
});

it('is short where the user wants that', () => {
  const env = [['MODE', 'x']] as const;
  expect(serverEnvironment(own, { ...nothing, env, cleanEnv: true }, 'linux')).toEqual({
    PATH: '/bin',
    HOME: '/home/u',
    LC_ALL: 'C',
    MODE: 'x',
  });
});

it('names have no case on Windows', () => {
  const inherited = { Path: 'C:\\bin', SystemRoot: 'C:\\Windows', token: 't', Key: 'k' };
  const env = [['PATH', 'D:\\bin']] as const;
  expect(serverEnvironment(inherited, { env, cleanEnv: false, withheld: ['TOKEN'] }, 'win32')).toEqual({
    PATH: 'D:\\bin',
    SystemRoot: 'C:\\Windows',
    Key: 'k',
  });
  expect(serverEnvironment(inherited, { ...nothing, cleanEnv: true }, 'win32')).toEqual({
    Path: 'C:\\bin',
    SystemRoot: 'C:\\Windows',
  });
});

it('a variable with the name of a member of every object is one like any other', () => {
  const env = [
    ['__proto__', 'x'],
    ['constructor', 'y'],
  ] as const;
  expect(Object.entries(serverEnvironment({}, { ...nothing, env }, 'linux'))).toEqual(env);
});
