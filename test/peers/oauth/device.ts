// The device grant, RFC 8628. Nobody types a code: after so many polls the user has decided.
import { authenticate } from './client-authentication.ts';
import type { Answer } from './document-answer.ts';
import { type Client, type DeviceCode, type Grant, secret } from './ledger.ts';
import { type Incoming, isAnswer, refusal, requested, type ServerContext } from './server-context.ts';

export const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code';

export async function deviceAuthorization(context: ServerContext, incoming: Incoming): Promise<Answer> {
  const client = await authenticate(context, incoming);
  if (isAnswer(client)) return client;
  const asked = requested(context, incoming.form);
  if ('error' in asked) return refusal(400, asked);
  const { device } = context.behaviour;
  const code: DeviceCode = {
    ...asked,
    value: secret('device'),
    userCode: `WDJB-${String(context.ledger.deviceCodes.size + 1).padStart(4, '0')}`,
    clientId: client.client_id,
    query: incoming.form,
    expiresAt: Date.now() + device.expiresIn * 1000,
    polls: 0,
    spent: false,
  };
  context.ledger.deviceCodes.set(code.value, code);
  const page = context.endpoint('device');
  return {
    status: 200,
    body: {
      device_code: code.value,
      user_code: code.userCode,
      verification_uri: page,
      verification_uri_complete: `${page}?user_code=${code.userCode}`,
      expires_in: device.expiresIn,
      ...(device.interval === undefined ? {} : { interval: device.interval }),
    },
  };
}

export function redeemDeviceCode({ behaviour, ledger }: ServerContext, client: Client, value: string): Grant | Answer {
  const code = ledger.deviceCodes.get(value);
  if (!code || code.spent || code.clientId !== client.client_id) return refusal(400, { error: 'invalid_grant' });
  const { pending, slowDown, outcome } = behaviour.device;
  code.polls += 1;
  if (code.expiresAt <= Date.now()) return refusal(400, { error: 'expired_token' });
  if (code.polls <= pending) return refusal(400, { error: 'authorization_pending' });
  if (code.polls <= pending + slowDown) return refusal(400, { error: 'slow_down' });
  code.spent = true;
  if (outcome === 'deny') return refusal(400, { error: 'access_denied' });
  if (outcome === 'expire') return refusal(400, { error: 'expired_token' });
  const { scopes, resource, clientId, query } = code;
  return ledger.grant({ scopes, resource, clientId, query, subject: behaviour.subject });
}
