// Several servers in HTTP mode: a path for each of them, and all of them together.
import { afterEach, describe, expect, it } from 'vitest';
import { ModernClient } from '../../peers/http/modern-client.ts';
import { closeServings, type Serving, startServing } from '../../peers/http/serving.ts';
import { SseClient } from '../../peers/http/sse-client.ts';
import { StreamableClient } from '../../peers/http/streamable-client.ts';
import { scripted } from '../../peers/local/scripted.ts';
import { legacyServer, type Results } from '../../peers/minimal-server.ts';
import { opened } from '../../peers/opened.ts';
import { type ScriptedPeer, startScripted } from '../../peers/scripted.ts';
import { type ConfigFile, configFile, entryOf } from '../../peers/several/config-file.ts';

const open = opened();
afterEach(closeServings);

function serverWith(name: string, more: Results = {}): Promise<ScriptedPeer> {
  return startScripted(
    '/mcp',
    legacyServer({ 'tools/list': JSON.stringify({ tools: [{ name, inputSchema: { type: 'object' } }] }), ...more }),
  );
}

async function serving(servers: Record<string, unknown>, args: string[] = []): Promise<Serving & { file: ConfigFile }> {
  const file = await open(configFile(servers));
  return Object.assign(await startServing(undefined, ['--config', file.path, ...args]), { file });
}

const namesIn = (result: { tools: { name: string }[] }): string[] => result.tools.map(({ name }) => name).sort();

/** A server that takes long may be missing from the first list. */
async function untilListed(client: StreamableClient, ...names: string[]): Promise<void> {
  let listed: string[] = [];
  while (listed.length < names.length) listed = namesIn(await client.request('tools/list'));
  expect(listed).toEqual(names);
}

describe('paths', () => {
  it('lead to each server alone and to all of them, over every transport', async () => {
    const [one, two] = [await open(serverWith('first')), await open(serverWith('second'))];
    const { url } = await serving({ one: entryOf(one), two: entryOf(two) });
    const seen: Record<string, string[]> = {};
    for (const path of ['', '/servers/one', '/servers/two']) {
      const streamable = new StreamableClient(`${url}${path}/mcp`);
      await streamable.initialize();
      seen[`${path}/mcp`] = namesIn(await streamable.request('tools/list'));
      await streamable.close();
      const sse = new SseClient(`${url}${path}/sse`);
      await sse.open();
      await sse.initialize('2024-11-05');
      seen[`${path}/sse`] = namesIn(await sse.request('tools/list'));
      expect(new URL(sse.endpoint as string, url).pathname).toBe(`${path}/message`);
      sse.vanish();
      const modern = new ModernClient(`${url}${path}/mcp`);
      seen[`${path}/mcp of 2026`] = namesIn(await modern.request('tools/list'));
      modern.vanish();
    }
    const [all, first, second] = [['first', 'second'], ['first'], ['second']];
    expect(seen).toEqual({
      '/mcp': all,
      '/sse': all,
      '/mcp of 2026': all,
      '/servers/one/mcp': first,
      '/servers/one/sse': first,
      '/servers/one/mcp of 2026': first,
      '/servers/two/mcp': second,
      '/servers/two/sse': second,
      '/servers/two/mcp of 2026': second,
    });
  });

  it('below the name of a server forgive what those of one server forgive', async () => {
    const [one, two] = [await open(serverWith('first')), await open(serverWith('second'))];
    const { url } = await serving({ one: entryOf(one), two: entryOf(two) }, ['--client-token', 'token']);
    for (const path of ['/servers/one/mcp/', '/servers/one/sse', '/servers/one/sse/']) {
      const streamable = new StreamableClient(url + path);
      await streamable.initialize();
      expect([path, namesIn(await streamable.request('tools/list'))]).toEqual([path, ['first']]);
      await streamable.close();
    }
    const headers = { authorization: 'Bearer token', 'x-forwarded-prefix': '/tools' };
    for (const path of ['/servers/one/sse/', '/servers/one/mcp', '/servers/one/mcp/']) {
      const sse = new SseClient(url + path, { headers });
      await sse.open();
      const endpoint = new URL(sse.endpoint as string);
      expect([path, endpoint.pathname]).toEqual([path, '/tools/servers/one/message']);
      // What the gateway makes of it.
      sse.endpoint = `${url}/servers/one/message/${endpoint.search}`;
      await sse.initialize('2024-11-05');
      expect([path, namesIn(await sse.request('tools/list'))]).toEqual([path, ['first']]);
      sse.vanish();
    }
  });

  it('of unknown servers, and operators below a server, do not exist', async () => {
    const one = await open(serverWith('first'));
    const { url } = await serving({ one: entryOf(one) });
    for (const path of [
      '/servers/other/mcp',
      '/servers/one/healthz',
      '/servers/one/metrics',
      '/servers/one',
      '/servers/',
    ]) {
      expect([path, (await fetch(url + path)).status]).toEqual([path, 404]);
    }
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
  });

  it('keep the sessions of one server apart from those of another', async () => {
    const [one, two] = [await open(serverWith('first')), await open(serverWith('second'))];
    const { url } = await serving({ one: entryOf(one), two: entryOf(two) });
    const client = new StreamableClient(`${url}/servers/one/mcp`);
    await client.initialize();
    const stranger = new StreamableClient(`${url}/servers/two/mcp`);
    stranger.sessionId = client.sessionId;
    await expect(stranger.request('tools/list')).rejects.toThrow(/404|unknown/);
    expect(namesIn(await client.request('tools/list'))).toEqual(['first']);
    await client.close();
    await stranger.close();
  });

  it('are counted without the names that clients make up', async () => {
    const one = await open(serverWith('first'));
    const { url } = await serving({ one: entryOf(one) });
    const client = new ModernClient(`${url}/servers/one/mcp`);
    await client.request('tools/list');
    client.vanish();
    await fetch(`${url}/servers/made-up/mcp`);
    const metrics = await (await fetch(`${url}/metrics`)).text();
    expect(metrics).toContain('path="/servers/{name}/mcp",status="200"');
    expect(metrics).toContain('mcp_proxy_requests_total{server="one",method="tools/list",outcome="result"} 1');
    expect(metrics).not.toContain('made-up');
  });
});

describe('headers of clients', () => {
  it('reach only the servers that they are forwarded to', async () => {
    const [one, two] = [await open(serverWith('first')), await open(serverWith('second'))];
    const forwards = { ...entryOf(one), 'forward-header': ['X-Key=Authorization'] };
    const { url } = await serving({ one: forwards, two: entryOf(two) });
    const client = new StreamableClient(`${url}/mcp`, { headers: { 'x-key': 'Bearer of-the-client' } });
    await client.initialize();
    await client.request('tools/list');
    await client.close();
    const seen = ({ requests }: ScriptedPeer) => new Set(requests.map(({ headers }) => headers.authorization));
    expect(seen(one)).toEqual(new Set(['Bearer of-the-client']));
    expect(seen(two)).toEqual(new Set([undefined]));
  });
});

describe('a change of the file', () => {
  it('adds and removes servers, and leaves the sessions with the others alone', async () => {
    const [one, two, three] = await Promise.all(['first', 'second', 'third'].map((name) => open(serverWith(name))));
    const all = { one: entryOf(one as ScriptedPeer), two: entryOf(two as ScriptedPeer) };
    const { url, file, proxy } = await serving(all);
    const together = new StreamableClient(`${url}/mcp`);
    await together.initialize();
    await together.listen();
    const alone = new StreamableClient(`${url}/servers/one/mcp`);
    await alone.initialize();
    await untilListed(together, 'first', 'second');
    await together.request('tools/call', { name: 'first' });
    const initialized = countOf(one as ScriptedPeer, 'initialize');

    file.write({ one: all.one, three: entryOf(three as ScriptedPeer) });
    await proxy.stderrMatching(/has changed: added three; removed two/);
    await together.arrivals.next('notifications/tools/list_changed');
    await untilListed(together, 'first', 'third');
    expect((await fetch(`${url}/servers/two/mcp`)).status).toBe(404);
    const added = new StreamableClient(`${url}/servers/three/mcp`);
    await added.initialize();
    // The sessions with the server that has not changed are the same.
    await alone.request('tools/list');
    await together.request('tools/call', { name: 'first' });
    expect(countOf(one as ScriptedPeer, 'initialize')).toBe(initialized);
    for (const client of [together, alone, added]) await client.close();
  });

  it('keeps what runs while the file is broken, and reads it again at SIGHUP', async () => {
    const one = await open(serverWith('first'));
    const { url, file, proxy } = await serving({ one: entryOf(one), two: entryOf(one) });
    file.write('{ "mcpServers": { "one": ');
    await proxy.stderrMatching(/servers\.json:1:\d+: /);
    expect((await fetch(`${url}/servers/one/mcp`)).status).not.toBe(404);
    file.write({ one: entryOf(one) });
    proxy.kill('SIGHUP');
    await proxy.stderrMatching(/has changed: removed two/);
    expect((await fetch(`${url}/servers/two/mcp`)).status).toBe(404);
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
  });
});

function countOf({ requests }: ScriptedPeer, method: string): number {
  return requests.filter(({ body }) => body !== '' && (JSON.parse(body) as { method?: string }).method === method)
    .length;
}

describe('a loop', () => {
  it('is noticed when a request comes back', async () => {
    // The port is not known beforehand, so a relay stands for the address of the proxy itself.
    let target = '';
    const relay = await open(
      startScripted('/mcp', async (seen, res) => {
        const headers = Object.fromEntries(
          Object.entries(seen.headers).filter(([name]) => /^(via|accept|content-type|mcp-.*)$/.test(name)),
        );
        const answered = await fetch(target, {
          method: seen.method,
          headers: headers as Record<string, string>,
          ...(seen.body !== '' && { body: seen.body }),
        });
        res.writeHead(answered.status, { 'content-type': answered.headers.get('content-type') ?? 'text/plain' });
        res.end(await answered.text());
      }),
    );
    const { url } = await serving({ back: entryOf(relay), other: { url: 'http://127.0.0.1:9/mcp' } });
    target = `${url}/servers/back/mcp`;
    const client = new ModernClient(target);
    const { message } = await client.call('tools/list');
    expect(JSON.stringify(message.error)).toContain('has sent the request itself');
    client.vanish();
  });
});

describe('a server that nobody uses', () => {
  it('loses its session, and gets another one with the next call', async () => {
    const [one, two] = [await open(serverWith('first')), await open(serverWith('second'))];
    const { url } = await serving({ one: entryOf(one), two: entryOf(two) }, ['--child-idle', '1']);
    const client = new StreamableClient(`${url}/mcp`);
    await client.initialize();
    while ((await client.request('tools/list')).tools.length < 2);
    await client.request('tools/call', { name: 'first' });
    await one.request(({ method }) => method === 'DELETE');
    const opened = countOf(one, 'initialize');
    // The lists stay, and are no reason to open it again.
    expect(namesIn(await client.request('tools/list'))).toEqual(['first', 'second']);
    expect(countOf(one, 'initialize')).toBe(opened);
    await client.request('tools/call', { name: 'first' });
    expect(countOf(one, 'initialize')).toBe(opened + 1);
    await client.close();
  });
});

it('each local server has the limits of its entry', async () => {
  const local = await open(scripted());
  const entry = { command: local.command[0], args: local.command.slice(1) };
  const { url } = await serving({ few: { ...entry, 'max-children': 1 }, many: entry });
  const clientOf = async (name: string) => {
    const client = new StreamableClient(`${url}/servers/${name}/mcp`);
    const { message } = await client.call('initialize', {
      protocolVersion: '2025-11-25',
      capabilities: {},
      clientInfo: { name: 'x', version: '1' },
    });
    return message.error?.code;
  };
  expect([await clientOf('few'), await clientOf('few')]).toEqual([undefined, -31008]);
  expect([await clientOf('many'), await clientOf('many')]).toEqual([undefined, undefined]);
});
