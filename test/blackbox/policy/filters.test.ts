// What a filter hides cannot be used: for tools, prompts and resources, by patterns and by annotations, in every spelling,
// on every wire.
import { afterEach, describe, expect, it } from 'vitest';
import { closeServings } from '../../peers/http/serving.ts';
import { type Results, sseServer } from '../../peers/minimal-server.ts';
import { opened } from '../../peers/opened.ts';
import { startProxy } from '../../peers/proxy.ts';
import { modernParams } from '../../peers/rpc.ts';
import { type ScriptedPeer, startScripted } from '../../peers/scripted.ts';
import { configFile } from '../../peers/several/config-file.ts';
import { COMPANION, startCompanion } from './companion.ts';
import { WIRES, type Wire, type WireClient } from './wires.ts';

const open = opened();
afterEach(closeServings);

const READS = { annotations: { readOnlyHint: true } };
const tool = (name: string, others: object = {}): object => ({ name, inputSchema: { type: 'object' }, ...others });
const RESULTS: Results = {
  'tools/list': JSON.stringify({
    tools: [tool('gone'), tool('kept', READS), tool('gone_too', { annotations: { readOnlyHint: 'true' } })],
  }),
  'prompts/list': JSON.stringify({ prompts: [{ name: 'gone' }, { name: 'kept' }, { name: 'gone_too' }] }),
  'resources/list': JSON.stringify({
    resources: ['file:///gone/a', 'file:///kept/a', 'file:///gone/b'].map((uri) => ({ uri, name: uri })),
  }),
  'resources/templates/list': JSON.stringify({
    resourceTemplates: ['file:///gone/{x}', 'file:///kept/{x}'].map((uriTemplate) => ({ uriTemplate, name: 'x' })),
  }),
  'tools/call': '{"content":[{"type":"text","text":"ran"}]}',
  'prompts/get': '{"messages":[]}',
  'resources/read': '{"contents":[]}',
  'resources/subscribe': '{}',
  'resources/unsubscribe': '{}',
  'completion/complete': '{"completion":{"values":["x"]}}',
};

/** The same with what readers that ignore case would read in its place. */
const FOR_OTHER_READERS: Results = {
  ...RESULTS,
  'tools/list': '{"tools":[{"name":"kept","Name":"gone","inputSchema":{"type":"object"}}],"Tools":[{"name":"gone"}]}',
  'prompts/list': '{"prompts":[{"name":"kept","NAME":"gone"}],"PROMPTS":[{"name":"gone"}]}',
  'resources/list':
    '{"resources":[{"uri":"file:///kept/a","URI":"file:///gone/a","name":"x"}],"re\\u017fources":[{"uri":"file:///gone/a"}]}',
  'resources/templates/list':
    '{"resourceTemplates":[{"uriTemplate":"file:///kept/{x}","UriTemplate":"file:///gone/{x}","name":"x"}],"resourcetemplates":[{"uriTemplate":"file:///gone/{x}"}]}',
};
const LISTS = ['tools/list', 'prompts/list', 'resources/list', 'resources/templates/list'];

/** The ways to name one thing: a method, and its parameters as text. */
type Ways = readonly (readonly [what: string, method: string, params: string])[];

const named = (method: string): Ways => [
  ['plain', method, '{"name":"gone","arguments":{}}'],
  ['the name escaped', method, '{"name":"g\\u006fne","arguments":{}}'],
  ['the key escaped', method, '{"n\\u0061me":"gone","arguments":{}}'],
  ['two names, the hidden one last', method, '{"name":"kept","name":"gone"}'],
  ['two names, the hidden one first', method, '{"name":"gone","name":"kept"}'],
  ['two names, one key escaped', method, '{"name":"kept","n\\u0061me":"gone"}'],
  ['a name for readers that ignore case', method, '{"name":"kept","Name":"gone"}'],
  ['no name', method, '{"arguments":{"name":"gone"}}'],
  ['an array for a name', method, '{"name":["gone"]}'],
  ['parameters in an array', method, '["gone"]'],
];

const located = (method: string): Ways => [
  ['plain', method, '{"uri":"file:///gone/a"}'],
  ['escaped', method, '{"ur\\u0069":"file:///g\\u006fne/a"}'],
  ['two URIs', method, '{"uri":"file:///kept/a","uri":"file:///gone/a"}'],
  ['a URI for readers that ignore case', method, '{"uri":"file:///kept/a","URI":"file:///gone/a"}'],
  ['percent-encoded', method, '{"uri":"file:///g%6Fne/a"}'],
  ['percent-encoded twice', method, '{"uri":"file:///g%256Fne/a"}'],
  ['an encoded slash', method, '{"uri":"file:///gone%2Fa"}'],
  ['around a folder', method, '{"uri":"file:///kept/../gone/a"}'],
  ['around an encoded folder', method, '{"uri":"file:///kept/%2e%2e/gone/a"}'],
  ['the scheme in capitals', method, '{"uri":"FILE:///gone/a"}'],
  ['with a host', method, '{"uri":"file://localhost/gone/a"}'],
  ['with an empty folder', method, '{"uri":"file:///gone//a"}'],
  ['with an empty folder in front', method, '{"uri":"file:////gone/a"}'],
  ['around an empty folder', method, '{"uri":"file:///kept//../gone/a"}'],
  ['with the host of another machine', method, '{"uri":"file://other.example/gone/a"}'],
  ['with a slash behind it', method, '{"uri":"file:///gone/a/"}'],
  ['with a tab', method, '{"uri":"file:///go\\tne/a"}'],
  ['with space around it', method, '{"uri":" file:///gone/a "}'],
  ['without a URI', method, '{"url":"file:///gone/a"}'],
];

const completed: Ways = [
  ['a prompt', 'completion/complete', '{"ref":{"type":"ref/prompt","name":"gone"},"argument":{"name":"a","value":""}}'],
  [
    'a template',
    'completion/complete',
    '{"ref":{"type":"ref/resource","uri":"file:///gone/{x}"},"argument":{"name":"a","value":""}}',
  ],
  [
    'two references',
    'completion/complete',
    '{"ref":{"type":"ref/prompt","name":"kept"},"ref":{"type":"ref/prompt","name":"gone"}}',
  ],
  ['two names', 'completion/complete', '{"ref":{"type":"ref/prompt","name":"kept","Name":"gone"}}'],
];

const subscribed: Ways = [
  [
    'one of two subscriptions',
    'subscriptions/listen',
    '{"notifications":{"resourceSubscriptions":["file:///kept/a","file:///gone/a"]}}',
  ],
  [
    'a list for readers that ignore case',
    'subscriptions/listen',
    '{"notifications":{"ResourceSubscriptions":["file:///gone/a"]}}',
  ],
];

const FILTERS: readonly (readonly [what: string, flags: string[]])[] = [
  [
    'named by --ignore-…',
    ['--ignore-tool', 'gone*', '--ignore-prompt', 'gone*', '--ignore-resource', 'file:///gone/*'],
  ],
  ['not named by --only-…', ['--only-tool', 'kept', '--only-prompt', 'kept', '--only-resource', 'file:///kept/*']],
];

/** The name of the server is a part of other spellings, where several are joined. */
const joined: Ways = [
  ['with the name of the server', 'tools/call', '{"name":"subject__gone","arguments":{}}'],
  ['with the name of the server', 'prompts/get', '{"name":"subject__gone"}'],
  ['with the name of the server', 'resources/read', '{"uri":"file://subject__/gone/a"}'],
  ['with the name of the server and an escape', 'resources/read', '{"uri":"file://subject__/g%6Fne/a"}'],
  [
    'a template with the name of the server',
    'completion/complete',
    '{"ref":{"type":"ref/resource","uri":"file://subject__/gone/{x}"},"argument":{"name":"a","value":""}}',
  ],
];

const everyWay = ({ isModern, isJoined }: Wire): Ways => [
  ...(isJoined ? joined : []),
  ...named('tools/call'),
  ...named('prompts/get'),
  ...located('resources/read'),
  ...completed,
  // A joined server acknowledges the resources that it can subscribe to, and leaves out the others.
  ...(isModern ? (isJoined ? [] : subscribed) : ['resources/subscribe', 'resources/unsubscribe'].flatMap(located)),
];

const METHODS =
  /^(tools\/call|prompts\/get|resources\/(read|subscribe|unsubscribe)|completion\/complete|subscriptions\/listen)$/;
/** What reached the server beside handshakes and lists. */
const used = (server: ScriptedPeer): string[] =>
  server.requests
    .map(({ body }) => body)
    .filter((body) => METHODS.test((/"method":"([^"]*)"/.exec(body) ?? [])[1] ?? ''));

async function names(client: WireClient, method: string, list: string, key: string): Promise<string[]> {
  const { result, error } = await client.exchange(method);
  expect(error).toBeUndefined();
  return result[list].map((entry: Record<string, string>) => entry[key]);
}

describe.each(WIRES)('$name', (wire) => {
  const start = async (flags: string[], results = RESULTS) => {
    const { server, client } = await wire.start(results, flags);
    await open(server);
    return { server, client };
  };

  describe.each(FILTERS)('what is %s', (_, flags) => {
    it('is missing from every list, which keeps its other entries', async () => {
      const { client } = await start(flags);
      expect(await names(client, 'tools/list', 'tools', 'name')).toEqual(['kept']);
      expect(await names(client, 'prompts/list', 'prompts', 'name')).toEqual(['kept']);
      expect(await names(client, 'resources/list', 'resources', 'uri')).toEqual(['file:///kept/a']);
      const templates = await names(client, 'resources/templates/list', 'resourceTemplates', 'uriTemplate');
      expect(templates).toEqual(['file:///kept/{x}']);
      await client.close();
    });

    it('is in no list for readers that ignore case', async () => {
      const { client } = await start(flags, FOR_OTHER_READERS);
      for (const method of LISTS) {
        const listed = JSON.stringify((await client.exchange(method)).result);
        expect(listed, method).toContain('kept');
        expect(listed, method).not.toContain('gone');
      }
      await client.close();
    });

    it('cannot be used in any spelling, while other entries can', async () => {
      const { server, client } = await start(flags);
      for (const [what, method, params] of everyWay(wire)) {
        for (const spelled of [JSON.stringify(method), `"${method.replace('/', '\\/')}"`]) {
          const { error } = await client.raw(spelled, params);
          expect([-32602, -32600, -32700, -32002, -32020], `${what}: ${method} ${params}`).toContain(error?.code);
        }
      }
      expect(used(server)).toEqual([]);
      expect((await client.exchange('tools/call', { name: 'kept', arguments: {} })).error).toBeUndefined();
      expect((await client.exchange('prompts/get', { name: 'kept' })).error).toBeUndefined();
      expect((await client.exchange('resources/read', { uri: 'file:///kept/a' })).error).toBeUndefined();
      const argument = { name: 'a', value: '' };
      const ref = { type: 'ref/prompt', name: 'kept' };
      expect((await client.exchange('completion/complete', { ref, argument })).error).toBeUndefined();
      await client.close();
      expect(used(server).length).toBeGreaterThan(3);
    });

    it('cannot be used with a notification either', async () => {
      const { server, client } = await start(flags);
      for (const [, method, params] of everyWay(wire))
        await client.tell(JSON.stringify(method), params).catch(() => {});
      await client.exchange('tools/call', { name: 'kept', arguments: {} });
      await client.close();
      expect(used(server).filter((body) => !body.includes('"kept","arguments":{}'))).toEqual([]);
    });
  });

  // A joined server is known by its lists, so one whose lists cannot be read is not there.
  if (!wire.isJoined)
    describe('a list that cannot be read', () => {
      const twice = (list: string, key: string): [string, string] => [
        `${list}/list`,
        `{"${list}":[{"${key}":"kept","${key}":"file:///gone/a","inputSchema":{"type":"object"}}]}`,
      ];
      it.each(FILTERS)('is withheld, with what is %s', async (_, flags) => {
        const unreadable = Object.fromEntries([
          twice('tools', 'name'),
          twice('prompts', 'name'),
          twice('resources', 'uri'),
          ['resources/templates/list', '{"resourceTemplates":{"gone":{"uriTemplate":"file:///gone/{x}"}}}'],
        ]);
        const { server, client } = await wire.start({ ...RESULTS, ...unreadable }, flags);
        await open(server);
        for (const method of Object.keys(unreadable)) {
          const { result, error } = await client.exchange(method);
          expect(JSON.stringify(result ?? ''), method).not.toContain('gone');
          expect([method, error?.code]).toEqual([method, -31007]);
        }
        await client.close();
      });
    });

  describe('--read-only', () => {
    it('shows and calls only tools that declare that they only read', async () => {
      const { server, client } = await start(['--read-only']);
      // Before any list: the proxy reads it.
      for (const [what, method, params] of named('tools/call')) {
        const { error } = await client.raw(JSON.stringify(method), params);
        expect([-32602, -32600, -32700, -32020], `${what}: ${params}`).toContain(error?.code);
      }
      expect((await client.exchange('tools/call', { name: 'gone_too', arguments: {} })).error?.code).toBe(-32602);
      expect((await client.exchange('tools/call', { name: 'unlisted', arguments: {} })).error?.code).toBe(-32602);
      expect(used(server)).toEqual([]);
      expect(await names(client, 'tools/list', 'tools', 'name')).toEqual(['kept']);
      expect((await client.exchange('tools/call', { name: 'kept', arguments: {} })).error).toBeUndefined();
      await client.close();
      expect(used(server)).toHaveLength(1);
    });
  });

  describe('--rename-tool', () => {
    it('changes the name in lists and calls, where the old one is unknown', async () => {
      const { server, client } = await start(['--rename-tool', 'kept=new.name', '--rename-tool', 'gone=gone_too']);
      expect(await names(client, 'tools/list', 'tools', 'name')).toEqual(['gone_too', 'new.name']);
      for (const name of ['kept', 'gone']) {
        expect((await client.exchange('tools/call', { name, arguments: {} })).error?.code).toBe(-32602);
      }
      expect(used(server)).toEqual([]);
      expect((await client.exchange('tools/call', { name: 'new.name', arguments: {} })).error).toBeUndefined();
      expect((await client.exchange('tools/call', { name: 'gone_too', arguments: {} })).error).toBeUndefined();
      await client.close();
      const calls = server.requests.filter(({ body }) => body.includes('"tools/call"'));
      expect(calls.map(({ body }) => JSON.parse(body).params.name)).toEqual(['kept', 'gone']);
      // A server of 2026-07-28 compares the header with the body.
      for (const { headers, body } of calls) {
        if (headers['mcp-name'] !== undefined) expect(headers['mcp-name']).toBe(JSON.parse(body).params.name);
      }
    });
  });
});

it('among joined servers, a subscription is to what is not hidden', async () => {
  const initialize = JSON.stringify({
    protocolVersion: '2025-11-25',
    capabilities: { resources: { subscribe: true } },
    serverInfo: { name: 'subject', version: '1' },
  });
  // With a stream, on which it could tell of updates.
  const server = await open(startScripted('/sse', sseServer({ ...RESULTS, initialize })));
  const companion = await open(startCompanion());
  const subject = { url: server.url, 'ignore-resource': 'file:///gone/*' };
  const file = await open(configFile({ [COMPANION]: { url: companion.url }, subject }));
  const { rpc } = startProxy(undefined, ['--config', file.path]);
  await rpc.modern('server/discover');
  let known = 0;
  while (known < 2) known = (await rpc.modern('resources/list')).resources.length;
  for (const hidden of ['file:///gone/a', 'file://subject__/gone/a', 'file:///kept/../gone/a', 'file:///g%6Fne/a']) {
    const notifications = { resourceSubscriptions: ['file:///kept/a', hidden] };
    rpc.raw(
      JSON.stringify({
        jsonrpc: '2.0',
        id: hidden,
        method: 'subscriptions/listen',
        params: modernParams({ notifications }),
      }),
    );
    const { message } = await rpc.next('notifications/subscriptions/acknowledged');
    // What is not known is left out; what leads to the server makes it refuse all of them.
    const accepted = /subject__|\.\./.test(hidden) ? undefined : ['file:///kept/a'];
    expect([hidden, message.params.notifications.resourceSubscriptions]).toEqual([hidden, accepted]);
  }
  expect(used(server).length).toBeGreaterThan(0);
  expect(used(server).join()).not.toContain('gone');
});
