/** Ways in without a browser on this machine: client credentials (RFC 6749, section 4.4) and the device grant (RFC 8628). */
import * as oauth from 'oauth4webapi';
import type { Log } from '../core/ports.ts';
import { printable, showUrl } from '../core/redact.ts';
import type { SignInState } from '../core/sign-in.ts';
import { ProxyError } from '../errors.ts';
import { checkBrowserUrl } from './browser.ts';
import { authenticationOf, DEVICE_GRANT } from './clients.ts';
import type { Tokens } from './credentials.ts';
import { meaningOf, OAuthError, optionsFor } from './protocol.ts';
import { requestTokens, type TokenContext } from './tokens.ts';
import { wait } from './vault.ts';

/** What is asked for. */
interface Asked {
  readonly resource: string | undefined;
  readonly scope: string | undefined;
}

export function byClientCredentials(context: TokenContext, asked: Asked): Promise<Tokens> {
  return requestTokens(context, 'client_credentials', parametersOf(asked));
}

function parametersOf({ resource, scope }: Asked): Record<string, string> {
  return { ...(resource !== undefined && { resource }), ...(scope !== undefined && { scope }) };
}

/** Seconds between two questions where the server names none (RFC 8628, section 3.2), and what is added when it is too often. */
const [INTERVAL, SLOW_DOWN] = [5, 5];
/** Network errors in a row after which polling is given up. */
const MAX_MISSES = 5;

/** Shows the user where to go and what to enter there, and asks until that is done. */
export async function byDeviceCode(context: TokenContext, asked: Asked, state: SignInState, log: Log): Promise<Tokens> {
  const { wire } = context;
  const device = await begin(context, asked);
  const page = checkBrowserUrl(device.verification_uri_complete ?? device.verification_uri);
  state.pending = { url: page.href, userCode: device.user_code };
  log.warn(
    `sign in at ${checkBrowserUrl(device.verification_uri).href} with the code ${printable(device.user_code, 40)}`,
  );
  const until = Date.now() + device.expires_in * 1000;
  let interval = device.interval ?? INTERVAL;
  let misses = 0;
  try {
    while (Date.now() < until) {
      await wait(interval * 1000, wire.signal);
      try {
        return await requestTokens(context, DEVICE_GRANT, {
          device_code: device.device_code,
          ...(asked.resource !== undefined && { resource: asked.resource }),
        });
      } catch (error) {
        if (wire.signal.aborted) throw error;
        if (error instanceof OAuthError && error.error === 'slow_down') interval += SLOW_DOWN;
        else if (!(error instanceof OAuthError)) {
          if (++misses > MAX_MISSES) throw error;
          interval *= 2;
        } else if (error.error !== 'authorization_pending') throw refusal(error, wire.server);
      }
    }
  } finally {
    state.pending = undefined;
  }
  throw new ProxyError('unauthorized', 'nobody entered the code in time', {
    hint: 'the next call begins a new sign-in',
  });
}

async function begin(
  { wire, config, issuer, client }: TokenContext,
  asked: Asked,
): Promise<oauth.DeviceAuthorizationResponse> {
  const endpoint = issuer.device_authorization_endpoint;
  if (typeof endpoint !== 'string') {
    throw new ProxyError('unauthorized', `${showUrl(new URL(issuer.issuer))} has no sign-in by device code`, {
      hint: 'leave --device-code out',
    });
  }
  const server = issuer as oauth.AuthorizationServer;
  const self = { client_id: client.clientId };
  try {
    const authentication = await authenticationOf(client, config);
    const options = optionsFor(wire, endpoint);
    const response = await oauth.deviceAuthorizationRequest(server, self, authentication, parametersOf(asked), options);
    return await oauth.processDeviceAuthorizationResponse(server, self, response);
  } catch (error) {
    const meant = meaningOf(error, endpoint);
    throw meant instanceof OAuthError ? refusal(meant, wire.server) : meant;
  }
}

function refusal(error: OAuthError, server: URL): ProxyError {
  const denied = error.error === 'access_denied';
  const where = showUrl(server);
  const message = denied ? `the sign-in to ${where} was denied` : `the sign-in to ${where} failed: ${error.message}`;
  return new ProxyError('unauthorized', message, {}, error);
}
