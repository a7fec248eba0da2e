// A small OAuth authorization server, enough to sign in to the example server: metadata (RFC 8414), dynamic
// registration (RFC 7591), the code flow with PKCE (RFC 7636), refresh, and revocation (RFC 7009). Its user
// agrees to everything. For a look at the flow; nothing to build on.
import { createHash, randomUUID } from 'node:crypto';
import { createServer } from 'node:http';

const MINUTES = 60;

/**
 * @param {(line: string) => void} seen hears of every request
 * @returns {Promise<{ issuer: string, knows(token: string): boolean, close(): Promise<void> }>}
 */
export async function startAuthorizationServer(seen) {
  /** @type {Map<string, { redirectUris: string[] }>} */
  const clients = new Map();
  /** @type {Map<string, { clientId: string, challenge: string, redirectUri: string }>} */
  const codes = new Map();
  const accessTokens = new Set();
  const refreshTokens = new Set();
  let issuer = '';

  const metadata = () => ({
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    registration_endpoint: `${issuer}/register`,
    revocation_endpoint: `${issuer}/revoke`,
    response_types_supported: ['code'],
    grant_types_supported: ['authorization_code', 'refresh_token'],
    token_endpoint_auth_methods_supported: ['none'],
    code_challenge_methods_supported: ['S256'],
    authorization_response_iss_parameter_supported: true,
  });

  /** @param {string} body */
  const register = (body) => {
    const { redirect_uris: redirectUris } = JSON.parse(body);
    const id = randomUUID();
    clients.set(id, { redirectUris });
    return { status: 201, json: { client_id: id, redirect_uris: redirectUris, token_endpoint_auth_method: 'none' } };
  };

  /** @param {URLSearchParams} query */
  const authorize = (query) => {
    const clientId = query.get('client_id') ?? '';
    const redirectUri = query.get('redirect_uri') ?? '';
    const challenge = query.get('code_challenge') ?? '';
    if (!clients.get(clientId)?.redirectUris.includes(redirectUri) || challenge === '') {
      return { status: 400, json: { error: 'invalid_request' } };
    }
    const code = randomUUID();
    codes.set(code, { clientId, challenge, redirectUri });
    const target = new URL(redirectUri);
    for (const [name, value] of [
      ['code', code],
      ['state', query.get('state') ?? ''],
      ['iss', issuer],
    ]) {
      target.searchParams.set(String(name), String(value));
    }
    return { status: 302, location: target.href };
  };

  /** @param {URLSearchParams} form */
  const token = (form) => {
    if (form.get('grant_type') === 'refresh_token') {
      if (!refreshTokens.delete(form.get('refresh_token'))) return { status: 400, json: { error: 'invalid_grant' } };
      return issue();
    }
    const code = form.get('code') ?? '';
    const granted = codes.get(code);
    codes.delete(code);
    const verifier = createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url');
    const right =
      granted?.challenge === verifier &&
      granted.clientId === form.get('client_id') &&
      granted.redirectUri === form.get('redirect_uri');
    return right ? issue() : { status: 400, json: { error: 'invalid_grant' } };
  };

  const issue = () => {
    const tokens = { access_token: randomUUID(), refresh_token: randomUUID() };
    accessTokens.add(tokens.access_token);
    refreshTokens.add(tokens.refresh_token);
    return { status: 200, json: { ...tokens, token_type: 'Bearer', expires_in: 30 * MINUTES } };
  };

  /** @param {URLSearchParams} form */
  const revoke = (form) => {
    accessTokens.delete(form.get('token'));
    refreshTokens.delete(form.get('token'));
    return { status: 200, json: {} };
  };

  /** @param {string} what method and path @param {URL} url @param {string} body */
  const answer = (what, url, body) => {
    switch (what) {
      case 'GET /.well-known/oauth-authorization-server':
        return { status: 200, json: metadata() };
      case 'POST /register':
        return register(body);
      case 'GET /authorize':
        return authorize(url.searchParams);
      case 'POST /token':
        return token(new URLSearchParams(body));
      case 'POST /revoke':
        return revoke(new URLSearchParams(body));
      default:
        return { status: 404, json: { error: 'not_found' } };
    }
  };

  const http = createServer(async (req, res) => {
    let body = '';
    for await (const chunk of req.setEncoding('utf8')) body += chunk;
    const url = new URL(req.url ?? '/', issuer);
    const what = `${req.method} ${url.pathname}`;
    const { status, json, location } = /** @type {{ status: number, json?: object, location?: string }} */ (
      answer(what, url, body)
    );
    seen(`${what} ${status}`);
    res.writeHead(status, { 'content-type': 'application/json', ...(location && { location }) });
    res.end(json && JSON.stringify(json));
  });
  await new Promise((resolve, reject) => {
    http.once('error', reject);
    http.listen(0, '127.0.0.1', () => resolve(undefined));
  });
  issuer = `http://127.0.0.1:${/** @type {import('node:net').AddressInfo} */ (http.address()).port}`;
  return {
    issuer,
    knows: (given) => accessTokens.has(given),
    close: async () => {
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    },
  };
}
