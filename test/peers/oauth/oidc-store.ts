// The memory of one oidc-provider: its own default is shared by all providers of a process, and shows nothing.

export interface Payload {
  exp?: number;
  uid?: string;
  userCode?: string;
  grantId?: string;
  clientId?: string;
  consumed?: number;
  [member: string]: unknown;
}

export class OidcStore {
  readonly #models = new Map<string, Map<string, Payload>>();

  model(name: string): Map<string, Payload> {
    const model = this.#models.get(name) ?? new Map<string, Payload>();
    this.#models.set(name, model);
    return model;
  }

  /** Forgets what matches, whatever it is. */
  remove(matches: (payload: Payload, model: string, id: string) => boolean): void {
    for (const [name, model] of this.#models) {
      for (const [id, payload] of model) if (matches(payload, name, id)) model.delete(id);
    }
  }

  /** What oidc-provider asks of an adapter. */
  adapter(name: string): object {
    const model = this.model(name);
    const first = (matches: (payload: Payload) => boolean): Payload | undefined => [...model.values()].find(matches);
    return {
      upsert: async (id: string, payload: Payload) => void model.set(id, payload),
      find: async (id: string) => model.get(id),
      findByUid: async (uid: string) => first((payload) => payload.uid === uid),
      findByUserCode: async (userCode: string) => first((payload) => payload.userCode === userCode),
      consume: async (id: string) => {
        const payload = model.get(id);
        if (payload) payload.consumed = Math.floor(Date.now() / 1000);
      },
      destroy: async (id: string) => void model.delete(id),
      revokeByGrantId: async (grantId: string) => this.remove((payload) => payload.grantId === grantId),
    };
  }
}
