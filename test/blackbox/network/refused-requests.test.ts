// A call that is refused with a status: what the user can do, and whether the call may have run.
import { afterEach, describe, expect, it } from 'vitest';
import { closeHostiles, startHostile } from '../../peers/hostile.ts';
import * as a from '../../peers/hostile-answers.ts';
import { ERAS } from '../../peers/hostile-eras.ts';
import { legacyServer } from '../../peers/minimal-server.ts';
import { opened } from '../../peers/opened.ts';
import { closeProxies, startProxy } from '../../peers/proxy.ts';
import { answer, startScripted } from '../../peers/scripted.ts';

afterEach(closeProxies);
afterEach(closeHostiles);
const open = opened();

/** A page as nginx makes it. */
const nginx = (title: string): string =>
  `<html>\r\n<head><title>${title}</title></head>\r\n<body>\r\n<center><h1>400 Bad Request</h1></center>\r\n</body>\r\n</html>\r\n`;

const ANSWER_SHOWN = /^the server rejected the request; the error in your client shows what it answered$/;
const SHORTER = /^the headers are larger than the server takes: shorten those of --header, or ask its operator$/;
const GIVE = /--cert FILE --key FILE; the operator of the server issues it$/;
const EXPIRED = /^check that the one in --cert has not expired, and ask the operator/;
const MAY_HAVE_RUN = 'unknown';

describe.each(ERAS)('to a $name client', (era) => {
  it.each<[number, string, number, RegExp, string | undefined]>([
    [400, '', -31003, ANSWER_SHOWN, MAY_HAVE_RUN],
    [400, nginx('400 Bad Request'), -31003, ANSWER_SHOWN, MAY_HAVE_RUN],
    [408, '', -31003, /^the server, or a gateway in front of it, waited too long for the request; if/, MAY_HAVE_RUN],
    [409, 'Conflict', -31003, ANSWER_SHOWN, MAY_HAVE_RUN],
    [410, '', -31003, /^the server is no longer at this URL: look for the new one/, MAY_HAVE_RUN],
    [413, '', -31003, /^the message is larger than the server, or a gateway in front of it, takes/, undefined],
    [
      418,
      'blocked',
      -31003,
      /^a firewall in front of the server may block this machine; ask its operator$/,
      MAY_HAVE_RUN,
    ],
    [431, '', -31003, SHORTER, undefined],
    [494, '', -31003, SHORTER, undefined],
    [400, nginx('400 Request Header Or Cookie Too Large'), -31003, SHORTER, undefined],
    [495, '', -31001, EXPIRED, undefined],
    [400, nginx('400 The SSL certificate error'), -31001, EXPIRED, undefined],
    [496, '', -31001, GIVE, undefined],
    [400, nginx('400 No required SSL certificate was sent'), -31001, GIVE, undefined],
    // The same words in the answer of a tool.
    [400, 'wrong page: No required SSL certificate was sent', -31003, ANSWER_SHOWN, MAY_HAVE_RUN],
  ])('HTTP %i %s', async (status, body, code, hint, outcome) => {
    const server = await startHostile();
    const proxy = startProxy(server.url, ['-H', 'X-Key: value']);
    await era.open(proxy);
    server.on('tools/call', a.status(status, body));
    const { error } = (await era.ask(proxy, 'tools/call', { name: 'echo', arguments: {} })).message;
    expect(error).toMatchObject({ code, data: { httpStatus: status, hint: expect.stringMatching(hint) } });
    expect(error?.data.outcome).toBe(outcome);
    expect(error?.message).toContain(`answered HTTP ${status}`);
    server.on('tools/call', a.reply({ content: [] }));
    expect((await era.ask(proxy, 'tools/call', { name: 'echo', arguments: {} })).message.result).toBeDefined();
  });
});

it('a URL that the server has left gets the hint with the new one', async () => {
  const script = legacyServer();
  const server = await open(
    startScripted('/mcp', (seen, res) =>
      seen.path === '/mcp' ? script(seen, res) : answer(res, 410, 'text/plain', 'gone'),
    ),
  );
  const proxy = startProxy(new URL('/sse', server.url).href);
  const error = (await proxy.rpc.initialize().catch((e: unknown) => e)) as { data: { hint: string } };
  expect(error.data.hint).toBe(`an MCP server answers at ${server.url}: use that URL`);
});
