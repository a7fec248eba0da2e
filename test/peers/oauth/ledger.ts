// What an authorization server remembers: clients, grants, codes and tokens.
import { randomBytes } from 'node:crypto';

export interface Client {
  readonly client_id: string;
  readonly client_secret?: string;
  readonly token_endpoint_auth_method?: string;
  readonly redirect_uris?: string[];
  /** Public keys for private_key_jwt. */
  readonly jwks?: { keys: Record<string, unknown>[] };
  /** Whatever else it was registered with. */
  readonly [member: string]: unknown;
}

/** One consent of the user, or one client in its own name: the family of all tokens that come of it. */
export interface Grant {
  readonly number: number;
  readonly clientId: string;
  readonly subject: string;
  scopes: string[];
  readonly resource: string | undefined;
  /** The authorization request. */
  readonly query: URLSearchParams;
  /** Why no token of it is good any more. */
  revoked: string | undefined;
}

export interface Code {
  readonly value: string;
  readonly grant: Grant;
  readonly redirectUri: string;
  readonly challenge: string;
  spent: boolean;
}

export interface Token {
  readonly value: string;
  readonly kind: 'access' | 'refresh' | 'id';
  readonly grant: Grant;
  readonly scopes: readonly string[];
  /** Milliseconds of the epoch. */
  expiresAt: number;
  spent: boolean;
}

export interface DeviceCode {
  readonly value: string;
  readonly userCode: string;
  readonly clientId: string;
  readonly scopes: string[];
  readonly resource: string | undefined;
  readonly query: URLSearchParams;
  readonly expiresAt: number;
  polls: number;
  spent: boolean;
}

export class Ledger {
  readonly clients = new Map<string, Client>();
  readonly grants: Grant[] = [];
  readonly codes = new Map<string, Code>();
  readonly deviceCodes = new Map<string, DeviceCode>();
  readonly tokens = new Map<string, Token>();

  grant(parts: Omit<Grant, 'number' | 'revoked'>): Grant {
    const grant: Grant = { ...parts, number: this.grants.length + 1, revoked: undefined };
    this.grants.push(grant);
    return grant;
  }

  code(parts: Omit<Code, 'value' | 'spent'>): Code {
    const code: Code = { ...parts, value: secret('code'), spent: false };
    this.codes.set(code.value, code);
    return code;
  }

  token(parts: Pick<Token, 'kind' | 'grant' | 'scopes' | 'expiresAt'>, value = secret(parts.kind)): Token {
    const token: Token = { ...parts, value, spent: false };
    this.tokens.set(value, token);
    return token;
  }

  live(value: string): Token | undefined {
    const token = this.tokens.get(value);
    return token && !token.spent && token.expiresAt > Date.now() && token.grant.revoked === undefined
      ? token
      : undefined;
  }
}

/** Recognisable, so that a leak shows in a log, and never the same twice. */
export function secret(kind: string): string {
  return `${kind}-${randomBytes(18).toString('base64url')}`;
}
