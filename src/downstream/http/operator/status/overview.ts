/** The first words of the page: whether all is well, and the numbers that matter. Pure. */
import { heading } from '../../../../platform/page.ts';
import type { ServerFacts, StatusFacts } from './facts.ts';
import { Html, html } from './html.ts';
import { count } from './words.ts';

/** Whether all is well, in a sentence. */
export function headline(servers: readonly ServerFacts[]): { readonly tone: string; readonly text: string } {
  const of = (kind: ServerFacts['state']['kind']): readonly ServerFacts[] =>
    servers.filter(({ state }) => state.kind === kind);
  const [only] = servers;
  const dead = of('unreachable');
  const waiting = of('sign-in');
  const changed = servers.flatMap(({ tools }) => tools.changed).length;
  if (only === undefined) return { tone: 'plain', text: 'No servers' };
  const single = servers.length === 1;
  const some = (part: readonly ServerFacts[]): string => `${count(part.length)} of ${count(servers.length)} servers`;
  const parts = [
    ...(dead.length > 0 ? [`${single ? 'The server' : some(dead)} cannot be reached`] : []),
    ...(waiting.length > 0
      ? [single ? 'A sign-in is needed' : `${some(waiting)} ${waiting.length === 1 ? 'needs' : 'need'} a sign-in`]
      : []),
    ...(changed > 0 ? [changed === 1 ? '1 tool has changed' : `${count(changed)} tools have changed`] : []),
  ];
  if (parts.length > 0) return { tone: dead.length > 0 ? 'bad' : 'warn', text: parts.join(' · ') };
  if (of('checking').length > 0) return { tone: 'plain', text: 'Checking' };
  return { tone: 'good', text: single ? 'Ready' : `All ${count(servers.length)} servers are ready` };
}

export function overviewView({ servers, calls, sessions }: StatusFacts): Html {
  const { tone, text } = headline(servers);
  const sum = (of: (server: ServerFacts) => number): number => servers.reduce((total, one) => total + of(one), 0);
  const failed = sum((server) => server.failed);
  const tiles: [string, number, string][] = [
    ['Requests', sum(({ requests }) => requests), ''],
    ['Failed', failed, failed > 0 ? 'bad' : ''],
    ['Waiting', calls.waiting, ''],
    ['Sessions', sessions.count, ''],
  ];
  return html`<div id="overview">
<h1><span class="dot ${tone}" aria-hidden="true"></span><span>${new Html(heading(text))}</span></h1>
<dl class="tiles">${tiles.map(([term, value, kind]) => html`<div class="card"><dt>${term}</dt><dd class="${kind}">${count(value)}</dd></div>`)}</dl>
</div>`;
}
