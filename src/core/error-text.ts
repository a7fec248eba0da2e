/** What the body of a response says to a human reader: in JSON, or as a line of text. */

/**
 * The text, of any length and with secrets still in it; empty when the body has none, for example
 * when it is an HTML page.
 */
export function serverWords(body: string): string {
  const { error, error_description, message, detail } = membersOf(body);
  const nested = typeof error === 'object' && error !== null ? (error as Record<string, unknown>).message : undefined;
  const found = [error_description, nested, message, detail, error].find((text) => typeof text === 'string');
  if (typeof found === 'string') return found;
  const text = body.trim();
  return /^[^<{[\n][^\n<]*$/.test(text) ? text : '';
}

/** The members of a JSON object; none if the text is not one. */
export function membersOf(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
