/** HTML in which every text is escaped: what a template inserts is text, unless it is HTML itself. Pure. */
import { printable, withoutControls } from '../../../../core/redact.ts';
import { escaped } from '../../../../platform/page.ts';

export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

type Inserted = Html | readonly Html[] | string | number | undefined;

export function html(parts: TemplateStringsArray, ...inserted: readonly Inserted[]): Html {
  return new Html(parts.map((part, i) => `${part}${textOf(inserted[i])}`).join(''));
}

export const NOTHING = new Html('');

function textOf(value: Inserted): string {
  if (value === undefined) return '';
  if (value instanceof Html) return value.text;
  if (Array.isArray(value)) return value.map(({ text }: Html) => text).join('');
  return escaped(withoutControls(String(value)));
}

/** Words from outside: on one line, cut off, and without an effect on the direction of what is around them. */
export function said(words: string, limit = 120): Html {
  return html`<bdi>${printable(words, limit)}</bdi>`;
}
