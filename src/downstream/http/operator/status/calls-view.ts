/** The requests that wait for answers, the last ones that ended, the last errors, and the sessions. Pure. */
import type { CallFacts, CallRow, ErrorFacts, SessionRow, SessionsFacts } from './facts.ts';
import { type Html, html, NOTHING, said } from './html.ts';
import { count, duration, outcomeWords, plural, time } from './words.ts';

/** @param several whether rows name their server */
export function callsView({ open, waiting, ended }: CallFacts, several: boolean): Html {
  const more = waiting - open.length;
  const rows = [...open, ...ended].map((call) => callRow(call, several));
  const table = html`<table class="card">
<caption class="sr">Requests of clients, those that wait for their answers first</caption>
<thead><tr><th scope="col" class="time wide">Began</th><th scope="col">Request</th><th scope="col">Outcome</th><th scope="col" class="number">Duration</th></tr></thead>
<tbody>${rows}</tbody>
</table>`;
  const nothing = html`<p class="card empty">No requests since this page was opened. A new one appears here at once.</p>`;
  return html`<section id="calls" aria-labelledby="calls-title">
<h2 id="calls-title">Latest requests${waiting > 0 ? html` <span class="soft">${count(waiting)} waiting</span>` : NOTHING}</h2>
${rows.length === 0 ? nothing : table}
${more > 0 ? html`<p class="soft">${count(more)} more wait for their answers.</p>` : NOTHING}
</section>`;
}

function callRow({ number, server, method, tool, began, seconds, outcome, code }: CallRow, several: boolean): Html {
  const what = tool === undefined ? html`${method}` : html`<strong>${said(tool, 80)}</strong>`;
  const under = [...(tool === undefined ? [] : [method]), ...(several ? [server] : [])].join(' · ');
  const tone = outcome === undefined ? 'open' : outcome === 'result' || outcome === 'cancelled' ? 'plain' : 'bad';
  const words = outcome === undefined ? 'waiting' : outcomeWords(outcome, code);
  return html`<tr data-key="call ${number}"><td class="time wide">${time(began)}</td><td class="what">${what}${
    under === '' ? NOTHING : html`<span class="under">${under}</span>`
  }</td><td><span class="outcome ${tone}">${words}</span></td><td class="number">${duration(seconds)}</td></tr>
`;
}

export function errorsView(errors: readonly ErrorFacts[], several: boolean): Html {
  const all = errors.map((error) => errorView(error, several));
  return html`<section id="errors" aria-labelledby="errors-title">
<h2 id="errors-title">Errors</h2>
${errors.length === 0 ? html`<p class="card empty">No errors since the start.</p>` : html`<ul class="card errors">${all}</ul>`}
</section>`;
}

function errorView({ number, server, method, message, hint, times, last }: ErrorFacts, several: boolean): Html {
  const where = several ? `${server} · ${method}` : method;
  return html`<li data-key="error ${number}">
<p class="error-head"><span class="time">${time(last)}</span> <span class="soft">${where}${
    times > 1 ? html` · ${plural(times, 'time')}` : NOTHING
  }</span></p>
<p>${said(message, 500)}</p>
${hint === undefined ? NOTHING : html`<p class="hint"><span>Hint:</span> ${said(hint, 500)}</p>`}
</li>
`;
}

export function sessionsView({ count: all, rows }: SessionsFacts, several: boolean): Html {
  const more = all - rows.length;
  const table = html`<table class="card">
<caption class="sr">Open sessions of clients</caption>
<thead><tr><th scope="col">Client</th><th scope="col">State</th><th scope="col" class="time wide">Began</th><th scope="col" class="time wide">Last used</th></tr></thead>
<tbody>${rows.map((row) => sessionRow(row, several))}</tbody>
</table>`;
  return html`<section id="sessions" aria-labelledby="sessions-title">
<h2 id="sessions-title">Sessions${all > 0 ? html` <span class="soft">${count(all)} open</span>` : NOTHING}</h2>
${rows.length === 0 ? html`<p class="card empty">No client has a session. Clients of 2026-07-28 need none.</p>` : table}
${more > 0 ? html`<p class="soft">and ${count(more)} more</p>` : NOTHING}
</section>`;
}

function sessionRow(session: SessionRow, several: boolean): Html {
  const { key, client, version, transport, revision, server, began, state, lastUsed } = session;
  const name =
    client === undefined
      ? html`Unnamed client`
      : html`<strong>${said(client, 80)}</strong>${version === undefined ? NOTHING : html` ${said(version, 40)}`}`;
  const parts = [transport, ...(revision === undefined ? [] : [revision])];
  if (several) parts.push(server ?? 'all servers');
  const under = parts.map((part, i) => (i === 0 ? html`${part}` : html` · ${said(part, 80)}`));
  return html`<tr data-key="session ${key}"><td class="what">${name}<span class="under">${under}</span></td><td><span class="outcome ${STATES[state]}">${state}</span></td><td class="time wide">${time(began)}</td><td class="time wide">${time(lastUsed)}</td></tr>
`;
}

const STATES: Readonly<Record<SessionRow['state'], string>> = {
  'waits for an answer': 'open',
  connected: 'plain',
  idle: 'plain',
};
