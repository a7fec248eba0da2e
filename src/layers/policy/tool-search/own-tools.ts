/** The two tools that clients see instead of those of the server. */

export const FIND = 'find_tools';
export const CALL = 'call_tool';

export const DEFAULT_LIMIT = 5;
export const MAX_LIMIT = 20;

/** @param size how many tools can be found */
export function findTools(size: number): object {
  return {
    name: FIND,
    description: `Finds the right tool among the ${size} tools of this server. Describe in a few words what is to be done, or name a tool. Returns the best matches with their descriptions and parameters; call one with ${CALL}.`,
    inputSchema: {
      type: 'object',
      properties: {
        query: { type: 'string', description: 'What the tool must do, such as "create an issue", or its name' },
        limit: {
          type: 'integer',
          minimum: 1,
          maximum: MAX_LIMIT,
          description: `How many tools to return, ${DEFAULT_LIMIT} by default`,
        },
      },
      required: ['query'],
    },
    annotations: { readOnlyHint: true },
  };
}

export function callTool(): object {
  return {
    name: CALL,
    description: `Calls a tool that ${FIND} has found, with arguments that fit its inputSchema.`,
    inputSchema: {
      type: 'object',
      properties: {
        name: { type: 'string', description: `The name of the tool, as ${FIND} returns it` },
        arguments: { type: 'object', description: 'The arguments of the tool' },
      },
      required: ['name'],
    },
  };
}
