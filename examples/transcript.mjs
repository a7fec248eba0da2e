// Prints what two parties say to each other, one clipped line a message.
import { styleText } from 'node:util';

const ARROWS = { out: 'host → proxy', in: 'host ← proxy', log: 'proxy stderr' };
// The same in every message; without it the rest fits.
const VERSION = /"jsonrpc":"2\.0",|,"jsonrpc":"2\.0"/;

/** @param {NodeJS.WriteStream} stream */
export function transcript(stream) {
  // `npm start | head`: the reader may stop reading.
  stream.on('error', () => {});
  const width = Math.max(stream.columns ?? 120, 40);
  const hasColour = stream.isTTY && !process.env.NO_COLOR;
  const paint = (/** @type {'bold' | 'dim' | 'red'} */ style, /** @type {string} */ text) =>
    hasColour ? styleText(style, text) : text;
  const line = (text = '') => stream.write(`${text}\n`);

  return {
    line,
    /** @param {string} text */
    heading: (text) => line(`\n${paint('bold', text)}`),
    /** @param {keyof typeof ARROWS} kind @param {string} text */
    message: (kind, text) => line(`  ${paint('dim', ARROWS[kind])}  ${shorten(text, width - ARROWS[kind].length - 4)}`),
    /** @param {string} text */
    note: (text) => line(`  ${paint('dim', text)}`),
    /** @param {string} text */
    failure: (text) => line(paint('red', text)),
    /** @param {string} title @param {[string, number][]} rows name and milliseconds */
    times: (title, rows) => {
      line(`\n${paint('bold', title)}`);
      const longest = Math.max(...rows.map(([name]) => name.length));
      for (const [name, ms] of rows) line(`  ${name.padEnd(longest)}  ${ms.toFixed(0).padStart(6)} ms`);
    },
  };
}

/** Both ends stay: the method is at one, the outcome at the other. @param {string} text @param {number} width */
function shorten(text, width) {
  const characters = [...text.replace(VERSION, '')];
  if (characters.length <= width) return characters.join('');
  const tail = Math.floor(width * 0.4);
  return `${characters.slice(0, width - tail - 1).join('')}…${characters.slice(-tail).join('')}`;
}
