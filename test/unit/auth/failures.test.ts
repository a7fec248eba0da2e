import { expect, it } from 'vitest';
import { asProxyError } from '../../../src/auth/failures.ts';
import { HTTP_SERVER_DEFAULTS } from '../../../src/config.ts';
import { ProxyError } from '../../../src/errors.ts';

it('a request of the sign-in that may have run says nothing of the one that waits for it', () => {
  const broken = new ProxyError('failed', 'https://as.example/token closed the connection', { outcome: 'unknown' });
  const error = asProxyError(broken, new URL('https://server.example/mcp'), HTTP_SERVER_DEFAULTS.auth) as ProxyError;
  expect(error.message).toBe(`the sign-in to https://server.example/mcp failed: ${broken.message}`);
  expect([error.code, error.data.outcome]).toEqual(['failed', undefined]);
});
