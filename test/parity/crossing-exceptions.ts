// What servers of different SDKs, or of different revisions, do not have in common, whatever stands between.

export const NOT_COMMON = [
  // SDK v1 answers with another code and other words.
  'invalid params',
  // The server of 2026-07-28 asks for another round without a question, which older revisions cannot.
  'state that travels through the client',
  // Clients of 2026-07-28 cannot say so.
  'roots, and a change of them',
];

/** A server without sessions cannot hear the answers to its questions, nor announce anything. */
export const WITHOUT_SESSION = [
  'sampling',
  'elicitation accepted',
  'elicitation declined',
  'elicitation cancelled',
  'two questions in one call',
  'questions of concurrent calls',
  'a cancelled call, seen by the server',
  'log messages by level',
  'a log level of one request',
  'tools/list_changed',
  'prompts/list_changed',
  'resources/list_changed',
  'subscribe, updated, unsubscribe',
];
