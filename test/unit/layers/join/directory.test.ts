// Which of several servers a URI belongs to.
import { expect, it } from 'vitest';
import { encode } from '../../../../src/core/json.ts';
import { Catalog } from '../../../../src/layers/join/catalog.ts';
import { Directory, type Listed } from '../../../../src/layers/join/directory.ts';

const changes = { count: 0 };
const LOG = { error: () => {}, warn: () => {}, info: () => {}, debug: () => {} };

async function serverWith(name: string, template: string, prefix = false): Promise<Listed> {
  const memory = { recall: async () => undefined, remember: async () => {} };
  const catalog = new Catalog({ changes, memory, provisional: () => false, log: LOG, now: () => 0 });
  await catalog.load('resources/templates/list', {
    first: (method) => ({ method, params: encode({}) }),
    ask: async () => ({ result: encode({ resourceTemplates: [{ uriTemplate: template, name }] }) }),
  });
  return { name, prefix, catalog };
}

it('a URI from a template goes to the server whose template clients see as it is', async () => {
  const prefixed = await serverWith('prefixed', 'docs://{id}', true);
  const plain = await serverWith('plain', 'docs://{id}');
  for (const servers of [
    [prefixed, plain],
    [plain, prefixed],
  ]) {
    const directory = new Directory(servers, changes);
    expect(directory.located('docs://7')).toEqual({ server: plain, own: 'docs://7' });
    expect(directory.located('docs://prefixed__7')).toEqual({ server: prefixed, own: 'docs://7' });
  }
});

it('a URI as its server knows it still finds the server, where clients see the template with the server in it', async () => {
  const only = await serverWith('only', 'docs://{id}', true);
  expect(new Directory([only], changes).located('docs://7')).toEqual({ server: only, own: 'docs://7' });
});
