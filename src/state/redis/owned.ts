/**
 * How scripts begin that change what is kept of a session. They return 0, and do nothing, when another replica has the
 * session. KEYS: the owner, the record, the events, their size. ARGV: this replica first.
 */
export const IF_OWN = `
local owner = redis.pcall('GET', KEYS[1])
if type(owner) == 'string' and owner ~= ARGV[1] then return 0 end`;
