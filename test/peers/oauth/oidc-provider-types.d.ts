// What these tests use of oidc-provider, which comes without types.
declare module 'oidc-provider' {
  import type http from 'node:http';

  export interface Interaction {
    readonly uid: string;
    readonly prompt: { readonly name: string; readonly details: Record<string, unknown> };
    readonly params: Record<string, unknown>;
    readonly grantId?: string;
  }

  export interface StoredGrant {
    addOIDCScope(scope: string): void;
    addResourceScope(resource: string, scope: string): void;
    save(): Promise<string>;
  }

  export interface StoredToken {
    readonly jti: string;
    readonly accountId?: string;
    readonly clientId: string;
    readonly grantId?: string;
    readonly aud?: string;
    readonly scope?: string;
  }

  export interface Context {
    readonly req: http.IncomingMessage;
    readonly oidc?: { readonly body?: Record<string, unknown> };
    status: number;
    body: unknown;
  }

  interface Model<T> {
    find(id: string): Promise<T | undefined>;
  }

  export interface Errors {
    readonly InvalidTarget: new (description: string) => Error;
  }
  export const errors: Errors;

  export class Provider {
    constructor(issuer: string, configuration: Record<string, unknown>);
    readonly Grant: Model<StoredGrant> & { new (grant: { accountId: string; clientId: string }): StoredGrant };
    readonly AccessToken: Model<StoredToken>;
    readonly ClientCredentials: Model<StoredToken>;
    use(middleware: (ctx: Context, next: () => Promise<void>) => Promise<void>): void;
    on(event: 'access_token.issued' | 'client_credentials.issued', listener: (token: StoredToken) => void): void;
    callback(): (req: http.IncomingMessage, res: http.ServerResponse) => Promise<void>;
    interactionDetails(req: http.IncomingMessage, res: http.ServerResponse): Promise<Interaction>;
    interactionFinished(
      req: http.IncomingMessage,
      res: http.ServerResponse,
      result: Record<string, unknown>,
      options?: { mergeWithLastSubmission: boolean },
    ): Promise<void>;
  }
  export default Provider;
}
