import { describe, expect, it } from 'vitest';
import { isSameIssuer, type ProviderQuirks, quirksOf } from '../../../../src/auth/oauth/providers.ts';

const ENTRA: ProviderQuirks = { withoutResource: true, scopeOnRefresh: true };
const GOOGLE: ProviderQuirks = {
  parameters: { access_type: 'offline', prompt: 'consent' },
  withoutOfflineAccess: true,
};
const AUTH0: ProviderQuirks = { audience: true };
const COGNITO: ProviderQuirks = { withoutResource: true, scopes: ['openid'], idTokenAsBearer: true };
const KEYCLOAK: ProviderQuirks = { registersWithoutScope: true };

describe('mannersOf', () => {
  it.each<[string, ProviderQuirks]>([
    ['https://login.microsoftonline.com/72f988bf/v2.0', ENTRA],
    ['https://LOGIN.MicrosoftOnline.com/common/v2.0', ENTRA],
    ['https://login.microsoftonline.us/72f988bf/v2.0', ENTRA],
    ['https://login.partner.microsoftonline.cn/72f988bf/v2.0', ENTRA],
    ['https://sts.windows.net/72f988bf/', ENTRA],
    ['https://contoso.ciamlogin.com/72f988bf/v2.0', ENTRA],
    ['https://contoso.b2clogin.com/contoso.onmicrosoft.com/b2c_1_x/v2.0', ENTRA],
    ['https://accounts.google.com', GOOGLE],
    ['https://accounts.google.com/', GOOGLE],
    ['https://acme.auth0.com/', AUTH0],
    ['https://acme.eu.auth0.com/', AUTH0],
    ['https://cognito-idp.us-east-1.amazonaws.com/us-east-1_AgdfSmUsg', COGNITO],
    ['https://cognito-idp.cn-north-1.amazonaws.com.cn/cn-north-1_x', COGNITO],
    ['https://sso.acme.example/realms/acme', KEYCLOAK],
    ['https://sso.acme.example/realms/acme/', KEYCLOAK],
    ['https://sso.acme.example/auth/realms/acme', KEYCLOAK],
  ])('knows %s', (issuer, expected) => {
    expect(quirksOf({ issuer })).toEqual(expected);
  });

  it.each([
    'https://as.example',
    'https://github.com/login/oauth',
    'https://slack.com',
    'https://mcp.atlassian.com',
    'https://acme.okta.com/oauth2/default',
    // Lookalikes, and names that are only a part of the address.
    'https://login.microsoftonline.com.evil.example/x/v2.0',
    'https://evil-login.microsoftonline.com/x/v2.0',
    'https://login.microsoftonline.com@evil.example/x',
    'https://evil.example/login.microsoftonline.com',
    'https://evil.example/?issuer=https://accounts.google.com',
    'https://accounts.google.com.evil.example',
    'https://ciamlogin.com/x',
    'https://evilauth0.com/',
    'https://acme.auth0.com.evil.example/',
    'https://cognito-idp.us-east-1.amazonaws.com.evil.example/x',
    'https://cognito-idp.evil.example/.us-east-1.amazonaws.com',
    'https://sso.acme.example/realms',
    'https://sso.acme.example/realms/acme/more',
    'https://sso.acme.example/x?/realms/acme',
    'not a URL',
    '',
  ])('follows the standard with %s', (issuer) => {
    expect(quirksOf({ issuer })).toEqual({});
  });

  it('knows Entra ID behind a façade by where people sign in', () => {
    const authorization_endpoint = 'https://login.microsoftonline.com/72f988bf/oauth2/v2.0/authorize';
    expect(quirksOf({ issuer: 'https://mcp.contoso.example', authorization_endpoint })).toEqual(ENTRA);
    expect(quirksOf({ issuer: 'https://mcp.contoso.example', token_endpoint: authorization_endpoint })).toEqual({});
  });

  it('knows Auth0 under the name of a customer by all three endpoints, and by no two of them', () => {
    const login = 'https://login.acme.example';
    const endpoints = {
      authorization_endpoint: `${login}/authorize`,
      token_endpoint: `${login}/oauth/token`,
      registration_endpoint: `${login}/oidc/register`,
    };
    expect(quirksOf({ issuer: `${login}/`, ...endpoints })).toEqual(AUTH0);
    for (const name of Object.keys(endpoints))
      expect(quirksOf({ issuer: `${login}/`, ...endpoints, [name]: `${login}/x` })).toEqual({});
  });
});

describe('isSameIssuer', () => {
  it.each([
    ['https://as.example', 'https://as.example'],
    ['https://as.example/', 'https://as.example'],
    ['https://as.example', 'https://as.example/'],
    ['https://as.example/tenant', 'https://as.example/tenant'],
    ['https://mcp.atlassian.com', 'https://cf.mcp.atlassian.com'],
    ['https://mcp.atlassian.com/', 'https://cf.mcp.atlassian.com'],
    ['https://auth.atlassian.com/VCeDsk8ZHncYF1g234fKtc4lNipbBhu3', 'https://auth.atlassian.com'],
    ['https://mcp.slack.com', 'https://slack.com'],
    ['https://slack.com', 'https://mcp.slack.com'],
    ['https://login.microsoftonline.com/common/v2.0', 'https://login.microsoftonline.com/{tenantid}/v2.0'],
    ['https://login.microsoftonline.com/organizations/v2.0', 'https://login.microsoftonline.com/{tenantid}/v2.0'],
    [
      'https://login.microsoftonline.com/consumers/v2.0',
      'https://login.microsoftonline.com/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0',
    ],
  ])('%s may call itself %s', (named, stated) => {
    expect(isSameIssuer(named, stated)).toBe(true);
  });

  it.each([
    ['https://as.example', 'https://as.example/tenant'],
    ['https://as.example/tenant', 'https://as.example/tenant/'],
    ['https://as.example/tenant', 'https://as.example'],
    ['https://as.example', 'http://as.example'],
    ['https://as.example', 'https://as.example:8443'],
    ['https://as.example', 'https://AS.example'],
    ['https://as.example', 'https://as.example?x'],
    ['https://as.example', ''],
    ['https://cf.mcp.atlassian.com', 'https://mcp.atlassian.com'],
    ['https://auth.atlassian.com/x/y', 'https://auth.atlassian.com'],
    ['https://evil.example/auth.atlassian.com', 'https://auth.atlassian.com'],
    ['https://mcp.slack.com/x', 'https://slack.com'],
    ['https://mcp.slack.com.evil.example', 'https://slack.com'],
    ['https://evil.example', 'https://slack.com'],
    ['https://login.microsoftonline.com/72f988bf/v2.0', 'https://login.microsoftonline.com/{tenantid}/v2.0'],
    ['https://login.microsoftonline.com/common/v2.0', 'https://login.microsoftonline.com/72f988bf/v2.0'],
    ['https://evil.example/common/v2.0', 'https://login.microsoftonline.com/{tenantid}/v2.0'],
  ])('%s may not call itself %s', (named, stated) => {
    expect(isSameIssuer(named, stated)).toBe(false);
  });
});
