/**
 * Sampling for clients before 2025-11-25 (specification, "Sampling"): a message has one block of content, and a model
 * has no tools.
 */
import { arrayOf, elements, isArray, isObject, type Json, peek, peekText, withMember } from '../../../core/json.ts';

/** Blocks of a conversation with tools. */
const TOOL_BLOCKS: ReadonlySet<string | undefined> = new Set(['tool_use', 'tool_result']);

/** Whether the messages of a sampling request are about calls of tools, which have no place in older revisions. */
export function hasToolBlocks(params: Json | undefined): boolean {
  return messagesIn(params).some((message) =>
    blocksOf(message).some((block) => TOOL_BLOCKS.has(peekText(block, 'type'))),
  );
}

/** The parameters of a sampling request with one block in each message: several become messages of the same role. */
export function legacyMessages(params: Json): Json {
  const messages = messagesIn(params);
  if (!messages.some(hasList)) return params;
  const single = messages.flatMap((message) => {
    return hasList(message) ? blocksOf(message).map((block) => withMember(message, 'content', block)) : [message];
  });
  return withMember(params, 'messages', arrayOf(single));
}

function messagesIn(params: Json | undefined): Json[] {
  const list = isObject(params) ? peek(params, 'messages') : undefined;
  return isArray(list) ? elements(list) : [];
}

function hasList(message: Json): boolean {
  return isArray(peek(message, 'content'));
}

function blocksOf(message: Json): Json[] {
  const content = peek(message, 'content');
  if (content === undefined) return [];
  return isArray(content) ? elements(content) : [content];
}
