import { describe, expect, it } from 'vitest';
import type { Exchange } from '../../../../src/core/exchange.ts';
import type { Call, Reply } from '../../../../src/core/jsonrpc.ts';
import { filter } from '../../../../src/layers/policy/filter.ts';
import { rulesOf } from '../../../../src/layers/policy/rules.ts';
import { replyFrom } from '../../../../src/wire/replies.ts';
import { behind, exchangeOf, result, SILENT, sessionOf, textOf } from '../exchanges.ts';

/** Sends one call through the filter; returns the reply as a client sees it, and what reached the server. */
async function through(
  method: string,
  params: string | undefined,
  reply: Reply = result('"ran"'),
): Promise<{ reply: Reply; sent: Exchange[] }> {
  const sent: Exchange[] = [];
  const handler = behind(filter(rulesOf(['delete*', 'secret tool'], {}, () => false)), async (exchange) => {
    sent.push(exchange);
    return reply;
  });
  return { reply: await handler(exchangeOf(method, params).exchange).catch(replyFrom), sent };
}

/** Whether the filter stops a notification. */
function blocksNotification(ignore: readonly string[]): (call: Call) => boolean {
  return (call) => {
    let passed = false;
    const server = sessionOf(
      () => Promise.reject(new Error('asked')),
      () => {
        passed = true;
      },
    );
    filter(rulesOf(ignore, {}, () => false))(() => server)(SILENT).notify(call);
    return !passed;
  };
}

function codeOf(reply: Reply): number {
  return 'error' in reply ? (JSON.parse(reply.error.toString()) as { code: number }).code : 0;
}

describe('calls', () => {
  it.each([
    '{"name":"read"}',
    '{"name":"undelete","arguments":{"name":"delete"}}',
    '{ "arguments":{},"name" : "Delete" ,"x":1.0}',
    '{"name":""}',
  ])('of other tools pass untouched: %s', async (params) => {
    const { exchange } = exchangeOf('tools/call', params);
    let seen: Exchange | undefined;
    const answer = result('"ran"');
    const reply = await behind(filter(rulesOf(['delete*'], {}, () => false)), async (x) => {
      seen = x;
      return answer;
    })(exchange);
    expect(reply).toBe(answer);
    expect(seen).toBe(exchange);
  });

  it.each([
    '{"name":"delete"}',
    '{"name":"delete_all","arguments":{}}',
    '{"n\\u0061me":"delete"}',
    '{"name":"d\\u0065lete"}',
    '{"name":"\\u0064\\u0065\\u006c\\u0065\\u0074\\u0065"}',
    '{"arguments":{"name":"read"},"name":"secret\\u0020tool"}',
    '{"name":"delete\\u0000"}',
  ])('of hidden tools are answered as if the tools did not exist: %s', async (params) => {
    const { reply, sent } = await through('tools/call', params);
    expect(sent).toEqual([]);
    expect(codeOf(reply)).toBe(-32602);
    expect(textOf(reply)).toContain('Unknown tool: ');
  });

  it.each([
    '{"name":"read","name":"delete"}',
    '{"name":"delete","name":"read"}',
    '{"name":"read","n\\u0061me":"delete"}',
    '{"name":"read","arguments":{},"arguments":{}}',
    '{"name":["delete"]}',
    '{"name":null}',
    '{"name":7}',
    '{}',
    '["delete"]',
    undefined,
  ])('whose tool could be read in two ways, or in none, go nowhere: %s', async (params) => {
    const { reply, sent } = await through('tools/call', params);
    expect(sent).toEqual([]);
    expect(codeOf(reply)).toBe(-32602);
  });

  // Some servers ignore the case of keys, and then the last one counts.
  it.each([
    '{"name":"read","Name":"delete"}',
    '{"NAME":"delete","name":"read"}',
    '{"name":"read","n\\u0041me":"delete"}',
    '{"name":"read","\uff4eame":"delete"}',
    '{"name":"read","naMe":"delete"}',
  ])('with a key that could be taken for the name go nowhere: %s', async (params) => {
    const { reply, sent } = await through('tools/call', params);
    expect(sent).toEqual([]);
    expect(codeOf(reply)).toBe(-32602);
    expect(blocksNotification(['delete*'])({ method: 'tools/call', params: Buffer.from(params) })).toBe(true);
  });

  it.each(['"Method":"tools/call"', '"x":1,"PARAMS":{"name":"delete"}', '"\\u0049d":7'])(
    'beside a key of the envelope that could be taken for another go nowhere, whatever their method: %s',
    async (extra) => {
      const sent: Exchange[] = [];
      const handler = behind(filter(rulesOf(['delete*'], {}, () => false)), async (exchange) => {
        sent.push(exchange);
        return result('"ran"');
      });
      for (const method of ['tools/call', 'ping']) {
        const { exchange } = exchangeOf(method, '{"name":"read"}');
        const call = { ...exchange.call, extra: Buffer.from(extra) };
        expect(codeOf(await handler({ ...exchange, call }).catch(replyFrom))).toBe(-32602);
        expect(blocksNotification(['delete*'])(call)).toBe(true);
      }
      expect(sent).toEqual([]);
    },
  );

  it('with other members and keys pass', async () => {
    const { exchange } = exchangeOf('tools/call', '{"name":"read","names":"delete","arguments":{"Name":"delete"}}');
    const call = { ...exchange.call, extra: Buffer.from('"trace":{"Method":"tools/call"}') };
    const answer = result('"ran"');
    expect(await behind(filter(rulesOf(['delete*'], {}, () => false)), async () => answer)({ ...exchange, call })).toBe(
      answer,
    );
    expect(blocksNotification(['delete*'])(call)).toBe(false);
  });

  it('of other methods pass, whatever they name', async () => {
    for (const method of ['prompts/get', 'resources/read', 'tools/Call', 'vendor/call']) {
      expect((await through(method, '{"name":"delete","name":"x"}')).sent).toHaveLength(1);
    }
  });
});

describe('calls that are sent as notifications', () => {
  const blocked = blocksNotification(['delete*', 'secret tool']);
  const told = (method: string, params?: string): boolean =>
    blocked({ method, ...(params !== undefined && { params: Buffer.from(params) }) });

  it.each([
    '{"name":"delete"}',
    '{"n\\u0061me":"d\\u0065lete_all"}',
    '{"arguments":{},"name":"secret tool"}',
    '{"name":"read","name":"delete"}',
    '{"name":"read","arguments":{},"arguments":{}}',
    '{"name":["delete"]}',
    '{}',
    '["delete"]',
    undefined,
  ])('are blocked where a call would be: %s', (params) => {
    expect(told('tools/call', params)).toBe(true);
  });

  it.each(['{"name":"read"}', '{"name":"Delete","arguments":{"name":"delete"}}'])('pass otherwise: %s', (params) => {
    expect(told('tools/call', params)).toBe(false);
  });

  it('of other methods pass, whatever they hold', () => {
    expect(told('notifications/initialized')).toBe(false);
    expect(told('notifications/x', '["delete"]')).toBe(false);
    expect(told('tools/Call', '{"name":"delete","name":"delete"}')).toBe(false);
  });

  it('pass where nothing is hidden', () => {
    expect(blocksNotification([])({ method: 'tools/call', params: Buffer.from('{"name":"delete"}') })).toBe(false);
  });
});

describe('lists', () => {
  const filtered = async (list: string): Promise<string> =>
    textOf((await through('tools/list', '{}', result(list))).reply);

  it('without hidden tools are the very same reply', async () => {
    const page = result('{ "tools" : [ {"name":"read","n":1.0} , {"name":"écrire"} ], "nextCursor":"c" }');
    const { reply } = await through('tools/list', undefined, page);
    expect(reply).toBe(page);
  });

  it.each([
    [
      'a hidden one in the middle',
      '{"tools":[{"name":"read","inputSchema":{"n":12345678901234567890}},{"name":"delete"},{"name":"write"}]}',
      '{"tools":[{"name":"read","inputSchema":{"n":12345678901234567890}},{"name":"write"}]}',
    ],
    ['only hidden ones', '{"tools":[ {"name":"delete"}, {"name":"delete2"} ],"x":1.0}', '{"tools":[],"x":1.0}'],
    [
      'a page with a cursor',
      '{"nextCursor":"a\\/b\\u0041==","tools":[{"name":"delete"}],"_meta":{"b":1,"a":1.0}}',
      '{"nextCursor":"a\\/b\\u0041==","tools":[],"_meta":{"b":1,"a":1.0}}',
    ],
    [
      'names with escapes',
      '{"tools":[{"n\\u0061me":"d\\u0065lete"},{"name":"\\u0072ead"}]}',
      '{"tools":[{"name":"\\u0072ead"}]}',
    ],
    [
      'entries that are no tools',
      '{"tools":[null,{"name":"read"},7,"delete",[],{},{"name":null},{"title":"delete"}]}',
      '{"tools":[{"name":"read"}]}',
    ],
    ['a member spelled with escapes', '{"t\\u006fols":[{"name":"delete"}]}', '{"t\\u006fols":[]}'],
    [
      'a name below the name',
      '{"tools":[{"name":"read","annotations":{"name":"delete","name":"delete"}}]}',
      '{"tools":[{"name":"read","annotations":{"name":"delete","name":"delete"}}]}',
    ],
    ['an empty list', '{"tools":[]}', '{"tools":[]}'],
  ])('%s', async (_, list, expected) => {
    expect(await filtered(list)).toBe(expected);
  });

  it.each([
    '{}',
    '{"tools":null}',
    '{"tools":{"0":{"name":"read"}}}',
    '{"tools":"[]"}',
    '[]',
    'null',
    '"tools"',
    '{"tools":[{"name":"read"}],"tools":[{"name":"delete"}]}',
    '{"tools":[],"t\\u006fols":[{"name":"delete"}]}',
    '{"tools":[{"name":"read","name":"delete"}]}',
    '{"tools":[{"name":"read"},{"name":"x","n\\u0061me":"delete"}]}',
    '{"tools":[],"nextCursor":"a","nextCursor":"b"}',
  ])('that cannot be read are withheld: %s', async (list) => {
    const { reply } = await through('tools/list', '{}', result(list));
    expect(codeOf(reply)).toBe(-31007);
    expect(textOf(reply)).not.toContain('"delete"');
  });

  // Readers like Go's encoding/json accept these for the right keys, and the last one counts.
  it.each([
    ['Tools beside tools', '{"tools":[{"name":"read"}],"Tools":[{"name":"delete"}]}', '{"tools":[{"name":"read"}]}'],
    ['TOOLS before tools', '{"TOOLS":[{"name":"delete"}], "tools" :[],"x":1.0}', '{"tools" :[],"x":1.0}'],
    ['toolſ', '{"tools":[],"tool\u017f":[{"name":"delete"}]}', '{"tools":[]}'],
    ['toolſ, escaped', '{"tools":[],"tool\\u017f":[{"name":"delete"}]}', '{"tools":[]}'],
    [
      'Name beside the name of a tool',
      '{"tools":[{"name":"read","Name":"delete","n":1.0},{"name":"delete"}]}',
      '{"tools":[{"name":"read","n":1.0}]}',
    ],
    ['only NAME of a tool', '{"tools":[{"NAME":"delete"},{"name":"read"}]}', '{"tools":[{"name":"read"}]}'],
    [
      'such keys where nobody looks',
      '{"tools":[{"name":"read","inputSchema":{"Name":1,"name":2}}],"_meta":{"Tools":[]}}',
      '{"tools":[{"name":"read","inputSchema":{"Name":1,"name":2}}],"_meta":{"Tools":[]}}',
    ],
  ])('lose keys that could be taken for others: %s', async (_, list, expected) => {
    expect(await filtered(list)).toBe(expected);
  });

  it.each(['"Result":{"tools":[{"name":"delete"}]}', '"re\u017fult":{"tools":[{"name":"delete"}]}', '"Error":null'])(
    'lose such keys beside them, whether they are results or errors: %s',
    async (lookalike) => {
      const list = { result: Buffer.from('{"tools":[]}') };
      const error = { error: Buffer.from('{"code":-32601,"message":"no tools"}') };
      for (const reply of [list, error]) {
        const alone = { ...reply, extra: Buffer.from(lookalike) };
        expect((await through('tools/list', '{}', alone)).reply).toEqual(reply);
        const beside = { ...reply, extra: Buffer.from(`"trace":1,${lookalike}`) };
        expect((await through('tools/list', '{}', beside)).reply).toEqual({
          ...reply,
          extra: Buffer.from('"trace":1'),
        });
      }
    },
  );

  it('of a server that refuses to list are the refusal', async () => {
    const refusal: Reply = { error: Buffer.from('{"code":-32601,"message":"no tools"}') };
    expect((await through('tools/list', '{}', refusal)).reply).toBe(refusal);
  });

  it('keep the members of the envelope', async () => {
    const reply = { result: Buffer.from('{"tools":[{"name":"delete"}]}'), extra: Buffer.from('"trace":1') };
    expect((await through('tools/list', '{}', reply)).reply).toEqual({
      result: Buffer.from('{"tools":[]}'),
      extra: Buffer.from('"trace":1'),
    });
  });
});
