/** Forms of elicitation for clients of 2025-06-18, which know fewer kinds of fields (specification, "Elicitation"). */
import {
  arrayOf,
  elements,
  encode,
  isArray,
  isObject,
  type Json,
  members,
  peek,
  peekObject,
  peekText,
  withMember,
  withoutMembers,
} from '../../../core/json.ts';
import { printable } from '../../../core/redact.ts';
import { ProxyError } from '../../../errors.ts';

/**
 * The parameters of an elicitation whose form uses only the fields of 2025-06-18. Throws a ProxyError when a field has
 * no form there.
 */
export function legacyForm(params: Json): Json {
  const schema = peekObject(params, 'requestedSchema');
  const properties = peekObject(schema, 'properties');
  if (!schema || !properties) return params;
  const parts = members(properties).flatMap(({ key, from, start, end }, i) => {
    const separator = Buffer.from(i === 0 ? '{' : ',');
    return [separator, properties.subarray(from, start), legacyField(key, properties.subarray(start, end))];
  });
  if (parts.length === 0) return params;
  const changed = Buffer.concat([...parts, Buffer.from('}')]);
  return withMember(params, 'requestedSchema', withMember(schema, 'properties', changed));
}

function legacyField(key: string, field: Json): Json {
  if (!isObject(field)) return field;
  if (peekText(field, 'type') === 'array') {
    throw new ProxyError(
      'cannot-bridge',
      `the server's form asks for several choices in ${JSON.stringify(printable(key, 80))}, which this client cannot show`,
      { hint: 'use a client that speaks MCP 2025-11-25 or later' },
    );
  }
  const choices = peek(field, 'oneOf');
  if (!isArray(choices)) return field;
  const values = elements(choices).map((choice) => peek(choice, 'const'));
  if (!values.every((value) => value !== undefined)) return field;
  const names = elements(choices).map((choice, i) => peek(choice, 'title') ?? (values[i] as Json));
  const plain = withMember(withoutMembers(field, ['oneOf']), 'enum', arrayOf(values));
  const typed = peekText(plain, 'type') === undefined ? withMember(plain, 'type', encode('string')) : plain;
  return withMember(typed, 'enumNames', arrayOf(names));
}
