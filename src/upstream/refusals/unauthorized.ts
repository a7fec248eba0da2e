/** The error of a request that was refused for its credential, or for the lack of one. */
import type { HttpResponse } from '../../core/fetch.ts';
import { showUrl } from '../../core/redact.ts';
import { ProxyError } from '../../errors.ts';
import { responseData } from '../failure.ts';
import { refusedCredential } from './refused-credential.ts';

export function unauthorized(response: HttpResponse, status: 401 | 403, body: Buffer, url: URL): ProxyError {
  const data = responseData(response, body);
  const challenge = [response.headers['www-authenticate'] ?? ''].flat().join(', ');
  const refused = { where: showUrl(url), status, credential: response.credential, challenge, body: data.body ?? '' };
  const { message, hint } = refusedCredential(refused, Date.now());
  // A sign-in could not replace a credential of the user's own.
  const isOwn = response.credential !== undefined && response.credential.from !== 'sign-in';
  return new ProxyError(status === 401 && !isOwn ? 'sign-in-needed' : 'unauthorized', message, { ...data, hint });
}
