import { describe, expect, it } from 'vitest';
import {
  ASKING_CAPABILITIES,
  isAboutTask,
  isCacheable,
  isClientNotification,
  isClientRequest,
  isHandshake,
  isLegacyRequest,
  isListChange,
  isNotification,
  isOnlyTold,
  isRepeatable,
  LIST_CHANGES,
  listMember,
  METHODS,
  mayAskDuring,
  nameSource,
} from '../../../src/mcp/methods.ts';
import { isModernRevision, LEGACY_REVISIONS, MODERN_REVISIONS } from '../../../src/mcp/revisions.ts';

/** The messages of one revision: the unions `ClientRequest`, `ServerNotification` and so on of its schema. */
interface Schema {
  readonly revision: string;
  readonly fromClient: readonly string[];
  readonly fromServer: readonly string[];
}

const OLDEST: Omit<Schema, 'revision'> = {
  fromClient: [
    'completion/complete',
    'initialize',
    'logging/setLevel',
    'notifications/cancelled',
    'notifications/initialized',
    'notifications/progress',
    'notifications/roots/list_changed',
    'ping',
    'prompts/get',
    'prompts/list',
    'resources/list',
    'resources/read',
    'resources/subscribe',
    'resources/templates/list',
    'resources/unsubscribe',
    'tools/call',
    'tools/list',
  ],
  fromServer: [
    'notifications/cancelled',
    'notifications/message',
    'notifications/progress',
    'notifications/prompts/list_changed',
    'notifications/resources/list_changed',
    'notifications/resources/updated',
    'notifications/tools/list_changed',
    'ping',
    'roots/list',
    'sampling/createMessage',
  ],
};

const TASKS = ['tasks/cancel', 'tasks/get', 'tasks/list', 'tasks/result', 'notifications/tasks/status'];

/**
 * https://github.com/modelcontextprotocol/modelcontextprotocol, `schema/<revision>/schema.ts`, as of commit b0f60ba5;
 * the last entry is the tasks extension of 2026-07-28.
 */
const SCHEMAS: readonly Schema[] = [
  { revision: '2024-11-05', ...OLDEST },
  { revision: '2025-03-26', ...OLDEST },
  { revision: '2025-06-18', ...OLDEST, fromServer: [...OLDEST.fromServer, 'elicitation/create'] },
  {
    revision: '2025-11-25',
    fromClient: [...OLDEST.fromClient, ...TASKS],
    fromServer: [...OLDEST.fromServer, 'elicitation/create', 'notifications/elicitation/complete', ...TASKS],
  },
  {
    revision: '2026-07-28',
    fromClient: [
      'completion/complete',
      'notifications/cancelled',
      'prompts/get',
      'prompts/list',
      'resources/list',
      'resources/read',
      'resources/templates/list',
      'server/discover',
      'subscriptions/listen',
      'tools/call',
      'tools/list',
    ],
    fromServer: [
      'elicitation/create',
      'notifications/cancelled',
      'notifications/message',
      'notifications/progress',
      'notifications/prompts/list_changed',
      'notifications/resources/list_changed',
      'notifications/resources/updated',
      'notifications/subscriptions/acknowledged',
      'notifications/tools/list_changed',
      'roots/list',
      'sampling/createMessage',
    ],
  },
  { revision: '2026-07-28', fromClient: ['tasks/cancel', 'tasks/get', 'tasks/update'], fromServer: [] },
];

const erasOf = (revisions: readonly string[]): string | undefined => {
  const modern = new Set(revisions.map(isModernRevision));
  return modern.size === 2 ? undefined : modern.has(true) ? 'modern' : 'legacy';
};

describe('the table', () => {
  it('is compared with the schema of every revision', () => {
    const compared = new Set(SCHEMAS.map(({ revision }) => revision));
    expect(compared).toEqual(new Set([...LEGACY_REVISIONS, ...MODERN_REVISIONS]));
  });

  const all = SCHEMAS.flatMap(({ fromClient, fromServer }) => [...fromClient, ...fromServer]);

  it('has a row for each method of the schemas, and no other', () => {
    expect([...METHODS.keys()].sort()).toEqual([...new Set(all)].sort());
  });

  it.each([...new Set(all)])('says in which era %s exists, and who sends it', (method) => {
    const found = SCHEMAS.filter(({ fromClient, fromServer }) => [...fromClient, ...fromServer].includes(method));
    const byClient = SCHEMAS.some(({ fromClient }) => fromClient.includes(method));
    const byServer = SCHEMAS.some(({ fromServer }) => fromServer.includes(method));
    const { era, from = 'client' } = METHODS.get(method) ?? {};
    expect(era).toBe(erasOf(found.map(({ revision }) => revision)));
    expect(from).toBe(byClient && byServer ? 'both' : byClient ? 'client' : 'server');
  });

  it('has the change of a list beside each list', () => {
    const lists = [...METHODS].filter(([, { list, changed }]) => list !== undefined || changed !== undefined);
    expect(lists.map(([method, { list, changed }]) => [method, list, changed])).toEqual([
      ['tools/list', 'tools', 'notifications/tools/list_changed'],
      ['prompts/list', 'prompts', 'notifications/prompts/list_changed'],
      ['resources/list', 'resources', 'notifications/resources/list_changed'],
      ['resources/templates/list', 'resourceTemplates', 'notifications/resources/list_changed'],
    ]);
    for (const [, { changed = '' }] of lists) expect(isListChange(changed)).toBe(true);
  });
});

/** The methods of the table, and a name that every plain object has. */
const those = (lookup: (method: string) => boolean): string[] => [...METHODS.keys(), 'x/y'].filter(lookup).sort();

describe('what the table says', () => {
  it('about opening a connection', () => {
    expect(those((method) => isHandshake({ method }))).toEqual(['initialize', 'server/discover']);
  });

  it('about running twice', () => {
    expect(those((method) => isRepeatable({ method }))).toEqual([
      'completion/complete',
      'initialize',
      'logging/setLevel',
      'ping',
      'prompts/get',
      'prompts/list',
      'resources/list',
      'resources/read',
      'resources/subscribe',
      'resources/templates/list',
      'resources/unsubscribe',
      'server/discover',
      'subscriptions/listen',
      'tools/list',
    ]);
  });

  it('about caching', () => {
    expect(those(isCacheable)).toEqual([
      'prompts/list',
      'resources/list',
      'resources/read',
      'resources/templates/list',
      'server/discover',
      'tools/list',
    ]);
  });

  it('about questions of the server', () => {
    expect(those(mayAskDuring)).toEqual(['prompts/get', 'resources/read', 'tools/call']);
    expect([...ASKING_CAPABILITIES].sort()).toEqual(['elicitation', 'roots', 'sampling']);
  });

  it('about requests that ended with the legacy era', () => {
    expect(those(isLegacyRequest)).toEqual([
      'initialize',
      'logging/setLevel',
      'ping',
      'resources/subscribe',
      'resources/unsubscribe',
      'tasks/list',
      'tasks/result',
    ]);
  });

  it('about who sends what', () => {
    expect(those(isClientNotification)).toEqual([
      'notifications/cancelled',
      'notifications/initialized',
      'notifications/progress',
      'notifications/roots/list_changed',
      'notifications/tasks/status',
    ]);
    const requests = SCHEMAS.flatMap(({ fromClient }) => fromClient.filter((method) => !isNotification(method)));
    expect(those(isClientRequest)).toEqual([...new Set(requests)].sort());
  });

  it('about changes of lists', () => {
    expect(LIST_CHANGES).toEqual(
      ['tools', 'prompts', 'resources'].map((list) => ({
        method: `notifications/${list}/list_changed`,
        capability: list,
        filter: `${list}ListChanged`,
      })),
    );
    expect(those(isListChange)).toEqual(LIST_CHANGES.map(({ method }) => method).sort());
  });

  it('about names', () => {
    const named = [...METHODS.keys(), 'x/y'].flatMap((method) => {
      const source = nameSource(method);
      return source === undefined ? [] : [[method, source]];
    });
    expect(Object.fromEntries(named)).toEqual({
      'tools/call': 'name',
      'prompts/get': 'name',
      'resources/read': 'uri',
      'tasks/get': 'taskId',
      'tasks/update': 'taskId',
      'tasks/cancel': 'taskId',
    });
  });

  it.each(['toString', '__proto__', 'constructor', '', 'tools/list '])('nothing about %j', (method) => {
    expect(listMember(method)).toBeUndefined();
    expect(nameSource(method)).toBeUndefined();
    expect(isClientRequest(method) || isRepeatable({ method }) || isCacheable(method)).toBe(false);
  });
});

describe('families of methods', () => {
  it('hold for methods of the future', () => {
    expect(isNotification('notifications/from/2030')).toBe(true);
    expect(isAboutTask('tasks/from/2030')).toBe(true);
    expect(isNotification('tasks/notifications/x') || isAboutTask('notifications/tasks/x')).toBe(false);
  });

  it('a message that another reader could take for a request is not only told', () => {
    const method = 'notifications/initialized';
    expect(isOnlyTold({ method })).toBe(true);
    expect(isOnlyTold({ method, extra: Buffer.from('"Method":"tools/call"') })).toBe(false);
    expect(isOnlyTold({ method: 'tools/call' })).toBe(false);
  });
});
