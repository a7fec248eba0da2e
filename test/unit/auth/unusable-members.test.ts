// Members of documents that are null, empty, of another type, or relative where an absolute URL belongs: they count as
// absent. Only a member that a step needs ends it, with an error that names the member and the document.
import { describe, expect, it } from 'vitest';
import { ProxyError } from '../../../src/errors.ts';
import { type DocumentName, USUAL, type Walked, walk } from './document-world.ts';

/** Values that a member may have by mistake. */
const VALUES: readonly unknown[] = [
  null,
  '',
  '/relative',
  7,
  -1,
  true,
  {},
  { '\u001b[2J\n<b>': '\u202e' },
  [7],
  [null],
];

/** Texts that no URL parser takes, and other things: never an address. */
const NO_URL = VALUES;
/** A relative URL is a text like any other. */
const NO_TEXT = VALUES.filter((value) => value !== '/relative');

const lists = (names: string): [string, 'optional'][] => names.split(' ').map((name) => [name, 'optional']);

type Need = 'optional' | 'url' | 'text';

/** RFC 9728, section 2. */
const RESOURCE: [string, Need][] = [
  ['resource', 'url'],
  ['authorization_servers', 'url'],
  ...lists(
    'jwks_uri scopes_supported bearer_methods_supported resource_signing_alg_values_supported resource_name resource_documentation resource_policy_uri resource_tos_uri tls_client_certificate_bound_access_tokens authorization_details_types_supported dpop_signing_alg_values_supported dpop_bound_access_tokens_required signed_metadata',
  ),
];

/** RFC 8414, section 2; OpenID Connect Discovery 1.0, section 3; RFC 8628, 9126, 9207; client ID metadata documents. */
const ISSUER: [string, Need][] = [
  ['issuer', 'url'],
  ['authorization_endpoint', 'url'],
  ['token_endpoint', 'url'],
  ['registration_endpoint', 'url'],
  ...lists(
    'jwks_uri scopes_supported response_types_supported response_modes_supported grant_types_supported token_endpoint_auth_methods_supported token_endpoint_auth_signing_alg_values_supported service_documentation ui_locales_supported op_policy_uri op_tos_uri revocation_endpoint revocation_endpoint_auth_methods_supported revocation_endpoint_auth_signing_alg_values_supported introspection_endpoint introspection_endpoint_auth_methods_supported introspection_endpoint_auth_signing_alg_values_supported code_challenge_methods_supported device_authorization_endpoint pushed_authorization_request_endpoint require_pushed_authorization_requests authorization_response_iss_parameter_supported client_id_metadata_document_supported mtls_endpoint_aliases signed_metadata',
  ),
];

const OPENID: [string, Need][] = lists(
  'userinfo_endpoint end_session_endpoint acr_values_supported subject_types_supported id_token_signing_alg_values_supported id_token_encryption_alg_values_supported userinfo_signing_alg_values_supported request_object_signing_alg_values_supported display_values_supported claim_types_supported claims_supported claims_locales_supported claims_parameter_supported request_parameter_supported request_uri_parameter_supported require_request_uri_registration',
);

/** RFC 7591, section 3.2.1, and RFC 7592, section 3; the members of an error (section 3.2.2) in a success. */
const REGISTRATION: [string, Need][] = [
  ['client_id', 'text'],
  ...lists(
    'client_secret client_id_issued_at client_secret_expires_at registration_access_token registration_client_uri redirect_uris token_endpoint_auth_method grant_types response_types client_name client_uri logo_uri scope contacts tos_uri policy_uri jwks_uri jwks software_id software_version application_type error_description',
  ),
];

/** RFC 6749, section 5.1; OpenID Connect Core 1.0, section 3.1.3.3; Slack's user. */
const TOKEN: [string, Need][] = [
  ['access_token', 'text'],
  ...lists('expires_in refresh_token scope id_token authed_user error_description error_uri'),
];

/** RFC 8628, section 3.2. */
const DEVICE: [string, Need][] = [
  ['device_code', 'text'],
  ['user_code', 'text'],
  ['verification_uri', 'url'],
  ...lists('verification_uri_complete expires_in interval error_description error_uri'),
];

const NAMES: Record<DocumentName, RegExp> = {
  resource: /the protected resource metadata at https:\/\/198\.51\.100\.3\/\.well-known\/oauth-protected-resource\/mcp/,
  issuer: /the authorization server metadata at https:\/\/198\.51\.100\.4\/\.well-known\/[a-z-]+/,
  registration: /the registration response of https:\/\/198\.51\.100\.4\/register/,
  token: /the token response of https:\/\/198\.51\.100\.4\/token/,
  device: /the device authorization response of https:\/\/198\.51\.100\.4\/device/,
  revocation: /./,
};

/** A member of the right type whose value means trouble. */
const MEANS_SOMETHING = (member: string, value: unknown): boolean => member === 'authed_user' && value === '/relative';

/** No stored value is one of those that count as absent. */
function expectClean({ stored }: Walked): void {
  const { issuer, ...others } = stored;
  expect(JSON.stringify(others)).not.toMatch(/:(null|""|\[|\{\}|"[^"]*\\u)/);
  for (const [name, value] of Object.entries(issuer ?? {})) {
    if (name.endsWith('_endpoint')) expect(value).toMatch(/^https:/);
    else if (name.endsWith('_supported')) expect(value === true || Array.isArray(value)).toBe(true);
  }
}

async function check(name: DocumentName, member: string, need: Need, value: unknown, kind?: 'openid-configuration') {
  const document = { ...USUAL[name], [member]: value };
  const world = { documents: { [name]: document }, ...(kind && { kind }) };
  const walking = walk(world, name === 'device' ? 'device-code' : 'browser');
  const isUnusable = (need === 'url' ? NO_URL : NO_TEXT).includes(value);
  if (need === 'optional' || !isUnusable || MEANS_SOMETHING(member, value)) {
    const walked = await walking;
    expect(walked.renewed).toBe(member !== 'refresh_token' || (typeof value === 'string' && value !== ''));
    expect(walked.revoked).toBe(member === 'revocation_endpoint' ? 'impossible' : 'revoked');
    expectClean(walked);
    return;
  }
  const error = await walking.then(
    () => undefined,
    (e: unknown) => e,
  );
  expect(error).toBeInstanceOf(ProxyError);
  const { code, message } = error as ProxyError;
  // Without an authorization server, no sign-in is possible.
  expect(code).toBe(member === 'authorization_servers' ? 'no-sign-in' : 'unauthorized');
  expect(message).toMatch(NAMES[name]);
  expect(message).toContain(`no usable ${member} (found `);
  if (!/^(access_token|device_code)$/.test(member) || value === null) {
    expect(message).toContain(JSON.stringify(value).replace('\u202e', ' '));
  }
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not reach a terminal
  expect(message).not.toMatch(/[\u0000-\u001f\u202e]/);
}

const rows = (members: [string, Need][]): [string, Need, string, unknown][] =>
  members.flatMap(([member, need]) => VALUES.map((value) => [member, need, JSON.stringify(value), value] as const)) as [
    string,
    Need,
    string,
    unknown,
  ][];

describe('protected resource metadata', () => {
  it.each(rows(RESOURCE))('%s (%s): %s', (member, need, _, value) => check('resource', member, need, value));
});

describe('authorization server metadata', () => {
  it.each(rows(ISSUER))('%s (%s): %s', (member, need, _, value) => check('issuer', member, need, value));
});

describe('OpenID provider metadata', () => {
  it.each(rows([...ISSUER, ...OPENID]))('%s (%s): %s', (member, need, _, value) =>
    check('issuer', member, need, value, 'openid-configuration'),
  );
});

describe('registration answer', () => {
  it.each(rows(REGISTRATION))('%s (%s): %s', (member, need, _, value) => check('registration', member, need, value));
});

describe('token answer', () => {
  it.each(rows(TOKEN))('%s (%s): %s', (member, need, _, value) => check('token', member, need, value));
  it.each(VALUES.filter((value) => value !== '/relative'))('token_type: %j', (value) =>
    check('token', 'token_type', 'optional', value),
  );
});

describe('device authorization answer', () => {
  // Each of them waits before its first request, because a user needs time to enter the code.
  it.concurrent.each(rows(DEVICE))('%s (%s): %s', (member, need, _, value) => check('device', member, need, value));
  it.each(VALUES)('device_authorization_endpoint: %j', async (value) => {
    const issuer = { ...USUAL.issuer, device_authorization_endpoint: value };
    const found = JSON.stringify(value).replace('\u202e', ' ');
    await expect(walk({ documents: { issuer } }, 'device-code')).rejects.toMatchObject({
      message: expect.stringContaining(`no usable device_authorization_endpoint (found ${found})`),
      data: { hint: 'leave --device-code out' },
    });
  });
});

/** RFC 6749, section 5.2; RFC 7591, section 3.2.2. */
describe.each([
  ['registration', 'browser', 'invalid_client_metadata'],
  ['token', 'browser', 'invalid_grant'],
  ['device', 'device-code', 'invalid_scope'],
] as const)('error of the %s endpoint', (name, grant, code) => {
  const failing = (body: object) => walk({ documents: { [name]: body }, statuses: { [name]: 400 } }, grant);
  const described = { error: code, error_description: 'said so' };

  it.each(VALUES)('error: %j', async (value) => {
    const said = value === '/relative' ? '/relative: said so' : 'HTTP 400';
    await expect(failing({ ...described, error: value })).rejects.toMatchObject({
      code: 'unauthorized',
      message: expect.stringContaining(said),
    });
  });

  it.each(['error_description', 'error_uri'].flatMap((member) => VALUES.map((value) => [member, value] as const)))(
    '%s: %j',
    async (member, value) => {
      const error = await failing({ ...described, [member]: value }).catch((e: unknown) => e);
      expect(error).toMatchObject({ code: 'unauthorized', message: expect.stringContaining(code) });
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not reach a terminal
      expect((error as Error).message).not.toMatch(/[\u0000-\u001f\u202e]|object Object/);
    },
  );

  it.each(VALUES.filter((value) => value !== '/relative'))('error %j in a success is none', async (value) => {
    const walked = await walk({ documents: { [name]: { ...USUAL[name], error: value } } }, grant);
    expect(walked.revoked).toBe('revoked');
  });
});

it('an error of the revocation endpoint is one, whatever it says', async () => {
  for (const value of VALUES) {
    const world = { documents: { revocation: { error: value } }, statuses: { revocation: 400 } };
    expect((await walk(world)).revoked).toBe('refused');
  }
});

it('shows no token that cannot be sent', async () => {
  const token = { ...USUAL.token, access_token: 'the secret\r\nX: y' };
  const error = (await walk({ documents: { token } }).catch((e: unknown) => e)) as Error;
  expect(error.message).toContain('no usable access_token (found other characters)');
  expect(error.message).not.toContain('secret');
});
