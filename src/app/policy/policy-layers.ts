/** Puts the layers together that hold clients to the policy of a server. Loaded when a server has one. */
import { createHash, randomUUID } from 'node:crypto';
import type { Policy, Server } from '../../config.ts';
import { type Layer, loadedLayer, type NamedLayer, stack } from '../../core/layer.ts';
import type { Log } from '../../core/ports.ts';
import type { SignIn } from '../../core/sign-in.ts';
import { SIGN_IN_TOOL } from '../../layers/first-contact/sign-in-tool.ts';
import { together } from '../../layers/policy/checked-tools.ts';
import { confirm } from '../../layers/policy/confirm/confirm.ts';
import { Confirmations } from '../../layers/policy/confirm/confirmations.ts';
import { filter } from '../../layers/policy/filter.ts';
import { KeptResults } from '../../layers/policy/max-result/kept-results.ts';
import { maxResult } from '../../layers/policy/max-result/max-result.ts';
import { anyOf, type Matcher } from '../../layers/policy/pattern.ts';
import { pinnedTools } from '../../layers/policy/pins/pinned-tools.ts';
import { readOnly } from '../../layers/policy/read-only.ts';
import { rename, ToolNames } from '../../layers/policy/rename.ts';
import { rulesOf } from '../../layers/policy/rules.ts';
import { acceptCommand, type OpenedPins, type PinPlace, pinsOf } from './pins.ts';

/** A running server. */
export interface PolicyOptions {
  readonly server: Server;
  /** The server in messages, without secrets. */
  readonly label: string;
  /** Undefined where nothing asks for a sign-in. */
  readonly auth: { readonly state: SignIn } | undefined;
  readonly environment: PinPlace & { readonly log: Log };
  readonly pins: OpenedPins;
}

/** All of them as one layer, the one nearest to the clients first. Those below `rename` see the server's own names. */
export function policyLayer(running: PolicyOptions): Layer {
  const { server, label, auth, environment } = running;
  const { ignoreTools, policy = {} } = server;
  const newId = (): string => environment.shared?.replicas.newHandle() ?? randomUUID();
  // A list that offers nothing but the sign-in is not the server's.
  const isOwn: Matcher = (name) => name === SIGN_IN_TOOL && auth?.state.pending !== undefined;
  const names = new ToolNames(policy.renameTools ?? []);
  const rules = rulesOf(ignoreTools, policy, isOwn);
  const checks = [
    policy.readOnly && readOnly(isOwn),
    policy.pinTools &&
      pinnedTools({
        store: pinsOf(running),
        isOwn,
        warn: (line) => environment.log.warn(line),
        accept: acceptCommand(server),
      }),
  ];
  const check = together(checks.filter((each) => typeof each === 'object'));
  const all: Record<string, Layer | false | undefined> = {
    'tool-search': policy.toolSearch && loadedLayer(() => searchLayer(policy, names, isOwn)),
    'max-result': policy.maxResult !== undefined && maxResult(policy.maxResult, new KeptResults(Date.now, newId)),
    rename: policy.renameTools && rename(names),
    filter: (check !== undefined || Object.keys(rules).length > 0) && filter(rules, check),
    confirm:
      policy.confirm &&
      confirm({ patterns: policy.confirm, server: label, confirmations: new Confirmations(digest, Date.now, newId) }),
  };
  const chosen: NamedLayer[] = Object.entries(all).flatMap(([name, layer]) => (layer ? [{ name, layer }] : []));
  return (inner) => stack(chosen, inner);
}

async function searchLayer({ alwaysTools = [] }: Policy, names: ToolNames, isOwn: Matcher): Promise<Layer> {
  const [{ toolSearch }, { toolIndexes }] = await Promise.all([
    import('../../layers/policy/tool-search/tool-search.ts'),
    import('./tool-index.ts'),
  ]);
  const isNamed = anyOf(alwaysTools);
  // Patterns are for the names of the server, but clients, and this layer, see the others.
  const isAlways: Matcher = (name) => isOwn(name) || isNamed(names.forServer(name) ?? name);
  return toolSearch({ makeIndex: toolIndexes(), isAlways });
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}
