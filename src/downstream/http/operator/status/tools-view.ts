/** The tools of one server: those that have changed, those that clients see, and those that the policy hides. Pure. */
import type { ChangedTool, ToolFacts, ToolsFacts } from './facts.ts';
import { type Html, html, NOTHING, said } from './html.ts';
import type { PageAddress } from './page-address.ts';
import { count, plural } from './words.ts';

export function changesView(server: string, changed: readonly ChangedTool[], address: PageAddress): Html {
  if (changed.length === 0) return NOTHING;
  const all = changed.map(
    (change) => html`<div class="change" data-key="change ${change.digest}">
<h4>${said(change.name)} has changed since it was first seen</h4>
<p>Clients do not see it until you accept the change.</p>
<pre class="difference" tabindex="0" aria-label="What has changed">${change.difference.map(lineView)}</pre>
${change.leftOut === undefined ? acceptView(server, change, address) : leftOutView(change.leftOut)}
</div>
`,
  );
  return html`<div class="notice warn changes">${all}</div>`;
}

function acceptView(server: string, { name, digest }: ChangedTool, { prefix, token }: PageAddress): Html {
  return html`<form class="accept" method="post" action="${prefix}/status/accept">
<input type="hidden" name="token" value="${token}">
<input type="hidden" name="server" value="${server}">
<input type="hidden" name="digest" value="${digest}">
<button type="submit" class="button">Accept the change<span class="sr"> of ${said(name)}</span></button>
</form>`;
}

/** Users must not accept with one click what the page does not show. */
function leftOutView(left: string): Html {
  return html`<p>On this page, ${left}. The log of the proxy says where to see all of it; <code>mcp-proxy accept</code> accepts it.</p>`;
}

function lineView(line: string): Html {
  const text = line.trim();
  if (text.startsWith('+')) return html`<ins>${text}</ins>\n`;
  if (text.startsWith('-')) return html`<del>${text}</del>\n`;
  return html`${text}\n`;
}

export function toolsView(server: string, { shown, hidden, changed, more, search }: ToolsFacts): Html {
  if (shown === undefined) return html`<p class="empty">No client has asked for the tools yet.</p>`;
  const numbers = [
    plural(shown.length + (hidden.length === 0 ? more : 0), 'tool'),
    ...(hidden.length > 0 ? [`${count(hidden.length)} hidden`] : []),
    ...(changed.length > 0 ? [`${count(changed.length)} changed`] : []),
  ];
  if (shown.length + hidden.length + more === 0) return html`<p class="empty">The server has no tools.</p>`;
  return html`<details class="tools" data-key="tools ${server}"><summary>${numbers.join(' · ')}</summary>
${search ? html`<p class="soft">Clients find and call these with <code>find_tools</code> and <code>call_tool</code>.</p>` : NOTHING}
${listView('Shown to clients', shown, 'shown')}
${listView('Hidden from clients', hidden, 'hidden')}
${more > 0 ? html`<p class="soft">and ${count(more)} more</p>` : NOTHING}
</details>`;
}

function listView(title: string, tools: readonly ToolFacts[], kind: string): Html {
  if (tools.length === 0) return NOTHING;
  const all = tools.map(
    ({ name, note }) =>
      html`<li><code>${said(name)}</code>${note === undefined ? NOTHING : html` <span class="soft">${note}</span>`}</li>`,
  );
  return html`<h4>${title}</h4>
<ul class="tool-list ${kind}">${all}</ul>`;
}
