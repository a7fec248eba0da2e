/** Sign-ins without a browser on this machine: client credentials (RFC 6749, section 4.4) and the device grant (RFC 8628). */
import * as oauth from 'oauth4webapi';
import type { Log } from '../../core/ports.ts';
import { printable, type Redact, showUrl } from '../../core/redact.ts';
import type { SignInState } from '../../core/sign-in.ts';
import { ProxyError } from '../../errors.ts';
import { checkBrowserUrl } from '../../platform/browser.ts';
import { UserDidNotSignIn } from '../failures.ts';
import { DEVICE_GRANT } from '../oauth/client-registration.ts';
import { parseObject, seconds, text, unusableError } from '../oauth/document-members.ts';
import { endpointOf } from '../oauth/issuer-metadata.ts';
import { meaningOf, OAuthError, oauthErrorOf, optionsFor, refusalIn, retryAfterOf, shown } from '../oauth/library.ts';
import { refusalHint } from '../oauth/refusal-hint.ts';
import { sentSecrets } from '../oauth/sent-secrets.ts';
import { requestTokens, type TokenContext, TokenEndpointFailure } from '../oauth/token-request.ts';
import type { Issuer, Tokens } from '../vault/credentials.ts';
import { type Vault, wait } from '../vault/vault.ts';

/** The resource and the scopes to request. */
interface TokenTarget {
  readonly resource: string | undefined;
  readonly scope: string | undefined;
}

export function byClientCredentials(context: TokenContext, asked: TokenTarget): Promise<Tokens> {
  return requestTokens(context, 'client_credentials', parametersOf(asked));
}

function parametersOf({ resource, scope }: TokenTarget): Record<string, string> {
  return { ...(resource !== undefined && { resource }), ...(scope !== undefined && { scope }) };
}

/** Seconds between two polls if the server states none (RFC 8628, section 3.2), and seconds to add when polls are too frequent. */
const [INTERVAL, SLOW_DOWN] = [5, 5];
/** Limits in seconds, whatever a server says: the shortest time between two polls, and the longest time for all of them. */
const [SHORTEST, LONGEST] = [1, 1_800];
/** Polling ends after more failed polls than this, because of the network or a failing server. */
const MAX_MISSES = 5;

/** Members of the record that only a sign-in by browser needs. */
const NO_BROWSER = { version: 1, state: '', verifier: '', redirectUri: '', port: 0, openedAt: 0 } as const;

export interface DeviceContext extends TokenContext {
  readonly vault: Vault;
  readonly state: SignInState;
  readonly log: Log;
}

/** Shows the user where to go and which code to enter there, and polls until the user is done. */
export async function byDeviceCode(context: DeviceContext, asked: TokenTarget): Promise<Tokens> {
  const { wire, state, log, vault, issuer, client } = context;
  const device = await begin(context, asked);
  const page = device.completePage ?? device.page;
  const userCode = printable(device.userCode, 40);
  state.pending = { url: page.href, userCode };
  // No other process can continue it, but those that wait can show it too.
  await vault.keepPending({
    ...NO_BROWSER,
    url: page.href,
    issuer,
    client: client.record,
    userCode,
    startedAt: Date.now(),
  });
  log.warn(`sign in with the code ${userCode} at`, device.page.href);
  const until = Date.now() + Math.min(device.expiresIn, LONGEST) * 1000;
  let interval = Math.max(device.interval, SHORTEST);
  let misses = 0;
  try {
    while (Date.now() < until) {
      await wait(Math.min(interval * 1000, until - Date.now()), wire.signal);
      try {
        return await requestTokens(context, DEVICE_GRANT, {
          device_code: device.deviceCode,
          ...(asked.resource !== undefined && { resource: asked.resource }),
        });
      } catch (error) {
        if (wire.signal.aborted) throw error;
        const word = error instanceof OAuthError && !(error instanceof TokenEndpointFailure) ? error.error : undefined;
        if (word === undefined) {
          if (++misses > MAX_MISSES) throw error;
          interval *= 2;
        } else if (word === 'slow_down') interval += SLOW_DOWN;
        else if (word !== 'authorization_pending') throw refusal(error as OAuthError, context);
      }
    }
  } finally {
    await vault.forgetPending().catch(() => {});
  }
  throw new UserDidNotSignIn('unauthorized', 'nobody entered the code in time', {
    hint: 'the next call begins a new sign-in',
  });
}

/** The device authorization endpoint. Throws a ProxyError when the server has none. */
export function deviceEndpointOf(issuer: Issuer): string {
  return endpointOf(
    issuer,
    'device_authorization_endpoint',
    'has no sign-in with a device code',
    'leave --device-code out',
  );
}

/** A device authorization response (RFC 8628, section 3.2). */
interface Device {
  readonly deviceCode: string;
  readonly userCode: string;
  readonly page: URL;
  /** The page whose address already contains the code, so that the user need not type it. */
  readonly completePage: URL | undefined;
  /** In seconds. */
  readonly expiresIn: number;
  readonly interval: number;
}

async function begin({ wire, config, issuer, client }: TokenContext, asked: TokenTarget): Promise<Device> {
  const endpoint = deviceEndpointOf(issuer);
  try {
    return await client.request(async (authentication) => {
      const response = await oauth.deviceAuthorizationRequest(
        issuer as oauth.AuthorizationServer,
        { client_id: client.record.clientId },
        authentication,
        parametersOf(asked),
        optionsFor(wire, endpoint),
      );
      return deviceIn(response, endpoint, sentSecrets(client.record, {}));
    });
  } catch (error) {
    const meant = meaningOf(error, endpoint);
    throw meant instanceof OAuthError ? refusal(meant, { wire, config }) : meant;
  }
}

async function deviceIn(response: Response, endpoint: string, hide: Redact): Promise<Device> {
  const sent = await response.text();
  const body = parseObject(sent) ?? {};
  const error = oauthErrorOf(body, response, hide);
  if (error) throw error;
  const { status } = response;
  if (!response.ok) throw new OAuthError('server_error', refusalIn(status, sent, hide), status, retryAfterOf(response));
  const [deviceCode, userCode] = [text(body.device_code), text(body.user_code)];
  const page = browserPage(body.verification_uri);
  const lacking = (member: string): ProxyError =>
    unusableError(`the device authorization response of ${shown(endpoint)}`, member, body, 'leave --device-code out');
  if (deviceCode === undefined) throw lacking('device_code');
  if (userCode === undefined) throw lacking('user_code');
  if (page === undefined) throw lacking('verification_uri');
  return {
    deviceCode,
    userCode,
    page,
    completePage: browserPage(body.verification_uri_complete),
    expiresIn: seconds(body.expires_in) ?? LONGEST,
    interval: seconds(body.interval) ?? INTERVAL,
  };
}

/** An address to which the program may send a user. */
function browserPage(value: unknown): URL | undefined {
  try {
    return checkBrowserUrl(text(value) ?? '');
  } catch {
    return undefined;
  }
}

function refusal(error: OAuthError, { wire: { server }, config }: Pick<TokenContext, 'wire' | 'config'>): ProxyError {
  const denied = error.error === 'access_denied';
  const where = showUrl(server);
  const message = denied ? `the sign-in to ${where} was denied` : `the sign-in to ${where} failed: ${error.message}`;
  const Kind = denied || error.error === 'expired_token' ? UserDidNotSignIn : ProxyError;
  const hint = refusalHint(error, config) ?? 'the next call begins a new sign-in';
  const { retryAfter } = error;
  return new Kind('unauthorized', message, { ...(retryAfter !== undefined && { retryAfter }), hint }, error);
}
