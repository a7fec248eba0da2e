/** The style of the status page. */
import { COLOURS } from '../../../../platform/page.ts';

export const STYLE = `${COLOURS}
:root { --warn: #7a4d00; --bar: #3b76c4; --range: #b9cfec; --soft-bad: #fdf1f0; --soft-warn: #fdf6e7; }
@media (prefers-color-scheme: dark) {
  :root { --warn: #f0c36d; --bar: #6ba4f0; --range: #33507a; --soft-bad: #2d1c1d; --soft-warn: #2a2417; }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--ground); color: var(--text); overflow-wrap: anywhere;
  font: .9375rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif;
}
header, main, footer { max-width: 68rem; margin: 0 auto; padding: 0 1.25rem; }
header { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 0 1rem; padding-top: 1rem; }
header p, footer p { margin: 0; font-size: .875rem; }
footer { padding: 2rem 1.25rem; color: var(--soft); }
.brand { font-weight: 700; }
.brand .soft { font-weight: 400; }
.soft { color: var(--soft); }
.good { color: var(--good); } .bad { color: var(--bad); } .warn { color: var(--warn); } .plain { color: var(--plain); }
.live { color: var(--good); } .lost { color: var(--bad); }
#live::before {
  content: ""; display: inline-block; width: .5rem; height: .5rem; margin-inline-end: .375rem;
  border: 2px solid currentColor; border-radius: 50%;
}
#live.live::before { background: currentColor; }
.sr { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }

h1 { display: flex; align-items: baseline; gap: .625rem; margin: 1.5rem 0 1rem; font-size: 1.625rem; line-height: 1.25; overflow-wrap: normal; }
h1 .dot { flex: none; width: .75rem; height: .75rem; border-radius: 50%; background: currentColor; }
.word { white-space: nowrap; }
h2 { margin: 2rem 0 .625rem; font-size: 1.125rem; line-height: 1.3; }
h2 .soft { font-size: .875rem; font-weight: 400; margin-inline-start: .375rem; }
h3 { margin: 0; font-size: 1rem; line-height: 1.4; }
h4 { margin: .75rem 0 .25rem; font-size: .875rem; }
p { margin: 0 0 .5rem; }
a { color: var(--link); }
code, pre { font: .875em/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; border-radius: .25rem; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: .625rem; }
.empty { margin: 0; color: var(--soft); }
.card.empty { padding: .875rem 1rem; }

.tiles { display: grid; grid-template-columns: repeat(4, 1fr); gap: .75rem; margin: 0 0 .75rem; }
.tiles .card { padding: .75rem 1rem; }
.tiles dt { font-size: .8125rem; color: var(--soft); }
.tiles dd { margin: 0; font-size: 1.5rem; font-weight: 600; line-height: 1.3; font-variant-numeric: tabular-nums; }
.connect { display: grid; grid-template-columns: 1fr auto; align-items: center; gap: .25rem 1.5rem; padding: .625rem 1rem; margin-bottom: .75rem; }
.connect h2 { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
.connect p { margin: 0; }
.url { display: flex; flex-wrap: wrap; align-items: center; gap: .5rem; font-weight: 600; }

.button {
  display: inline-block; padding: .4375rem 1rem; border: 2px solid var(--link); border-radius: .5rem; cursor: pointer;
  background: transparent; color: var(--link); font: inherit; font-weight: 600; text-decoration: none;
}
.button:hover { background: var(--link); color: var(--card); }
.button:disabled { opacity: .6; cursor: default; }
.button.small { padding: .125rem .625rem; border-width: 1px; font-size: .8125rem; }

#charts { display: grid; grid-template-columns: 1fr 1fr; gap: .75rem; }
figure { margin: 0; padding: .75rem 1rem .5rem; min-width: 0; }
figcaption { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 0 1rem; margin-bottom: .5rem; font-weight: 600; }
figcaption .soft { font-weight: 400; font-size: .875rem; font-variant-numeric: tabular-nums; }
svg { display: block; width: 100%; height: 4.5rem; }
.ground { fill: var(--line); }
.bar, .median { fill: var(--bar); }
.failed { fill: var(--bad); }
.range { fill: var(--range); }
.axis { display: flex; justify-content: space-between; margin: 0; line-height: 1.6; font-size: .75rem; color: var(--soft); font-variant-numeric: tabular-nums; }

.server { padding: .875rem 1rem; margin-bottom: .75rem; }
.server-head { display: flex; justify-content: space-between; align-items: flex-start; gap: .25rem 1rem; }
.address { margin: 0; font-size: .875rem; color: var(--soft); }
.badge { flex: none; margin: 0; padding: .0625rem .625rem; border: 1px solid currentColor; border-radius: 1rem; font-size: .8125rem; font-weight: 600; }
.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(8.5rem, 1fr)); gap: .5rem 1rem; margin: .75rem 0 0; }
.facts dt { font-size: .8125rem; color: var(--soft); }
.facts dd { margin: 0; font-variant-numeric: tabular-nums; }
.notice { margin: .75rem 0 0; padding: .625rem .875rem; border-inline-start: .25rem solid currentColor; border-radius: .25rem; }
.notice.bad { background: var(--soft-bad); } .notice.warn { background: var(--soft-warn); }
.notice > * { color: var(--text); }
.notice > :last-child { margin-bottom: 0; }
.action { display: flex; flex-wrap: wrap; align-items: center; gap: .25rem 1rem; }
.aside { font-size: .875rem; }
.aside p { margin: .25rem 0 0; }
.change + .change { margin-top: 1rem; padding-top: .25rem; border-top: 1px solid var(--line); }
.change h4 { margin: 0; font-size: .9375rem; }
.change form { margin: 0; }
.difference {
  max-height: 16rem; overflow: auto; margin: 0 0 .625rem; padding: .5rem .75rem; white-space: pre-wrap;
  background: var(--card); border: 1px solid var(--line); border-radius: .375rem; color: var(--soft);
}
ins { color: var(--good); text-decoration: none; } del { color: var(--bad); text-decoration: none; }
.server > .empty, .tools { margin-top: .75rem; font-size: .875rem; }
summary { cursor: pointer; }
.tools summary { font-variant-numeric: tabular-nums; }
.tool-list { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(16rem, 100%), 1fr)); gap: .125rem 1.5rem; margin: 0; padding: 0; list-style: none; }
.hidden code { color: var(--soft); text-decoration: line-through; }

table { width: 100%; border-spacing: 0; }
th, td { padding: .4375rem .75rem; text-align: start; vertical-align: top; }
th { font-size: .8125rem; font-weight: 400; color: var(--soft); white-space: nowrap; }
td { border-top: 1px solid var(--line); }
th:first-child, td:first-child { padding-inline-start: 1rem; }
th:last-child, td:last-child { padding-inline-end: 1rem; }
.time, .number { width: 1%; white-space: nowrap; font-variant-numeric: tabular-nums; }
td.time { color: var(--soft); }
.number { text-align: end; }
.under { display: block; font-size: .8125rem; color: var(--soft); }
.outcome { white-space: nowrap; }
.outcome.open { color: var(--link); font-weight: 600; }
.outcome.open::before {
  content: ""; display: inline-block; width: .5rem; height: .5rem; margin-inline-end: .375rem;
  border-radius: 50%; background: currentColor; animation: breathe 2s ease-in-out infinite;
}
@keyframes breathe { 50% { opacity: .3; } }
@media (prefers-reduced-motion: reduce) { .outcome.open::before { animation: none; } }

.errors { margin: 0; padding: 0; list-style: none; }
.errors li { padding: .625rem 1rem; }
.errors li + li { border-top: 1px solid var(--line); }
.errors p { margin: 0; }
.error-head { font-size: .8125rem; color: var(--soft); }
.hint { color: var(--soft); }
.hint span { font-weight: 600; }

@media (max-width: 40rem) {
  header, main, footer { padding-inline: .875rem; }
  h1 { font-size: 1.375rem; margin-top: 1rem; }
  .tiles { grid-template-columns: 1fr 1fr; }
  #charts, .connect { grid-template-columns: 1fr; }
  .wide { display: none; }
  th, td { padding-inline: .375rem; }
  .outcome { white-space: normal; overflow-wrap: normal; }
  .server-head { flex-direction: column; }
}
@media (forced-colors: active) { .bar, .median, .failed, .range { fill: CanvasText; } }
`;
