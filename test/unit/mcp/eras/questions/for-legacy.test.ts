// Questions of a server: the answers go back as the client gave them, and the server's own state unread.
import { describe, expect, it } from 'vitest';
import { readResult } from '../../../../../src/mcp/eras/legacy-result.ts';
import { readRound, withAnswers } from '../../../../../src/mcp/eras/questions/for-legacy.ts';
import { legacyForm } from '../../../../../src/mcp/eras/questions/forms.ts';
import { objectText, seeded, stringText } from '../../../core/random.ts';

const CLIENT = { revision: '2025-11-25', capabilities: Buffer.from('{"roots":{}}') };

describe('a round', () => {
  it('goes back with any keys, answers and state, byte for byte', () => {
    for (let seed = 1; seed <= 300; seed++) {
      const random = seeded(seed);
      const keys = new Map<string, string>();
      for (let i = 0; i < 3; i++) {
        const text = stringText(random);
        keys.set(JSON.parse(text) as string, text);
      }
      const state = stringText(random);
      const requests = [...keys.values()].map((key) => `${key} : {"method":"roots/list"}`);
      const result = `{"resultType":"input_required","inputRequests":{${requests.join(' , ')}},"requestState": ${state} }`;
      const round = readRound(readResult(Buffer.from(result)), CLIENT);
      const given = objectText(random);
      const answers = round.questions.map(({ key }) => ({ key, result: Buffer.from(given) }));
      const params = Buffer.from(`{"name":"n","requestState":"old","inputResponses":{},"arguments":${given}}`);
      const responses = [...keys.values()].map((key) => `${key} : ${given}`);
      expect(withAnswers(params, round, answers).toString(), `seed ${seed}`).toBe(
        `{"name":"n","arguments":${given},"inputResponses":{${responses.join(',')}},"requestState":${state}}`,
      );
    }
  });

  it('without questions and without a state takes away those of the round before', () => {
    const params = Buffer.from('{"name":"n","requestState":"old","inputResponses":{"a":1}}');
    expect(withAnswers(params, { questions: [], state: undefined }, []).toString()).toBe('{"name":"n"}');
  });
});

describe('legacyForm', () => {
  const form = (properties: object): object =>
    JSON.parse(legacyForm(Buffer.from(JSON.stringify({ message: 'm', requestedSchema: { properties } }))).toString())
      .requestedSchema.properties;

  it.each([
    [
      { a: { type: 'string', format: 'email' }, b: { type: 'boolean', default: true } },
      { a: { type: 'string', format: 'email' }, b: { type: 'boolean', default: true } },
    ],
    [
      { a: { type: 'string', enum: ['x'], enumNames: ['X'] } },
      { a: { type: 'string', enum: ['x'], enumNames: ['X'] } },
    ],
    [
      { a: { type: 'string', oneOf: [{ const: 'x', title: 'X' }, { const: 'y' }] } },
      { a: { type: 'string', enum: ['x', 'y'], enumNames: ['X', 'y'] } },
    ],
    [{ a: { oneOf: [{ const: 'x', title: 'X' }] } }, { a: { type: 'string', enum: ['x'], enumNames: ['X'] } }],
    [{ a: { oneOf: [{ title: 'X' }] } }, { a: { oneOf: [{ title: 'X' }] } }],
    [
      { a: null, b: 1 },
      { a: null, b: 1 },
    ],
  ])('%j', (properties, expected) => {
    expect(form(properties)).toEqual(expected);
  });

  it.each(['{}', '{"requestedSchema":null}', '{"requestedSchema":{"properties":{}}}'])('leaves %s as it is', (text) => {
    expect(legacyForm(Buffer.from(text)).toString()).toBe(text);
  });

  it('has no place for a choice of several values', () => {
    expect(() => form({ a: { type: 'array', items: { enum: ['x'] } } })).toThrow(/"a"/);
  });
});
