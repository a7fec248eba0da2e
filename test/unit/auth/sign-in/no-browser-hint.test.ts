import { expect, it } from 'vitest';
import { errorPageHint, storeHint } from '../../../../src/auth/sign-in/no-browser-hint.ts';

it.each([
  ['linux', {}, 'XDG_CACHE_HOME or HOME'],
  ['linux', { SSH_TTY: '/dev/pts/0', DISPLAY: ':0' }, 'XDG_CACHE_HOME or HOME'],
  ['darwin', { SSH_TTY: '/dev/ttys0' }, 'HOME'],
] as const)('on %s with %o names the folder that is read', (platform, env, variable) => {
  const hint = storeHint(env, '/root/.cache/mcp-proxy', platform);
  expect(hint).toContain('/root/.cache/mcp-proxy');
  expect(hint).toContain(`with the same ${variable}:`);
});

it('says nothing where a browser can be opened', () => {
  expect(storeHint({ DISPLAY: ':0' }, '/x', 'linux')).toBe('');
  expect(storeHint({ BROWSER: 'mine' }, undefined, 'linux')).toBe('');
});

it('speaks of the given client only where there is one', () => {
  expect(errorPageHint({ clientInfo: undefined })).toBe('');
  expect(errorPageHint({ clientInfo: { client_id: 'x' } })).toMatch(/check client_id .* --static-oauth-client-info$/);
});
