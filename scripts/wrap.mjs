import { parseSync } from 'rolldown/utils';

/** Characters in a line: Node shows the whole line that an error comes from. */
const LIMIT = 200;

/**
 * Breaks the lines of a minified program where that is safe: before an element of a list (statements, arguments,
 * properties …) other than the first. A separator precedes the element, so the break changes nothing.
 * @param {string} code
 */
export function wrap(code) {
  const { program, errors } = parseSync('program.js', code);
  if (errors.length > 0) throw new Error(errors[0].message);
  const breaks = [...new Set(places(program))].sort((a, b) => a - b);
  let wrapped = '';
  let start = 0;
  for (const [i, end] of breaks.entries()) {
    const next = breaks[i + 1] ?? code.length;
    if (next - start <= LIMIT) continue;
    wrapped += `${code.slice(start, end)}\n`;
    start = end;
  }
  return wrapped + code.slice(start);
}

/**
 * The offsets where a line may begin.
 * @returns {Generator<number>}
 */
function* places(node) {
  for (const value of Object.values(node)) {
    if (Array.isArray(value)) {
      for (const [i, element] of value.entries()) {
        // The texts of a template are a list too, but a line break in them would change the program.
        if (element === null || typeof element !== 'object' || element.type === 'TemplateElement') continue;
        if (i > 0) yield element.start;
        yield* places(element);
      }
    } else if (value !== null && typeof value === 'object' && typeof value.type === 'string') {
      yield* places(value);
    }
  }
}
