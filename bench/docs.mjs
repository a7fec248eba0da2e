// docs/performance.md and a page for each other Node, written whole from a run so that no figure can drift from its text.
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { asMarkdown } from './report.mjs';

/** The major versions of Node that have a page of their own. */
export const OTHER_NODES = ['24', '26'];

const page = (node) => (node === undefined ? 'performance.md' : `performance-node-${node}.md`);

const heading = (title) => title[0].toUpperCase() + title.slice(1);

/** @param run.node the major version of Node, where it is not that of the machine */
export function writeDocs(run) {
  const { node } = run;
  const lines = node === undefined ? wholePage(run) : pageOfNode(run);
  writeFileSync(fileURLToPath(new URL(`../docs/${page(node)}`, import.meta.url)), lines.join('\n'));
}

function pageOfNode({ node, ...run }) {
  return [
    `# Performance under Node ${node}`,
    '',
    `Written by \`npm run bench -- --node ${node} --write-docs\`; run it again rather than editing this page. [Performance](${page()}) lists the programs compared and how they are measured. The budgets are for the Node of that page, and those of HTTP mode for Node 26 as well; the others are shown here for comparison.`,
    '',
    ...figuresOf(run),
  ];
}

function figuresOf({ date, machine, rounds, load, reports, verdicts }) {
  return [
    `**${date}** on ${machine}. ${rounds} ${rounds === 1 ? 'round' : 'rounds, medians'}; load average ${load}.`,
    'Figures of one machine on one day: compare the columns, not the days. In parentheses: the ratio to the floor, taken within each round, then the median of the rounds.',
    '',
    ...reports.flatMap(({ title, figures, failed }) => [
      `## ${heading(title)}`,
      '',
      asMarkdown(figures),
      '',
      ...(failed.length ? [...failed.map((line) => `- ${line}`), ''] : []),
    ]),
    '## Budgets',
    '',
    asMarkdown({
      head: ['budget', 'measured', ''],
      rows: verdicts.map(({ verdict, text, figures }) => [text, figures, verdict]),
    }),
    '',
  ];
}

function wholePage(run) {
  return [
    '# Performance',
    '',
    'Written by `npm run bench -- --write-docs`; run it again rather than editing this page.',
    '',
    `Other Nodes: ${OTHER_NODES.map((node) => `[Node ${node}](${page(node)})`).join(', ')}.`,
    '',
    ...figuresOf(run),
    '## What is compared',
    '',
    ...run.reports.flatMap(({ title, contestants }) => [
      `In ${title}:`,
      '',
      ...contestants.map(({ name, what }) => `- **${name}**: ${what}`),
      '',
    ]),
    'In stdio mode all of them are between the same stdio client and the same server on loopback, a `node:http` server in a process of its own. In HTTP mode the clients are HTTP clients, and the server is the same one. The programs from npm cannot connect HTTP clients to an HTTP server, so they run that server over stdio (`bench/stdio-server.mjs`). Its CPU is not counted, and stdio is cheaper than HTTP. All have the same Node, an empty home and their default settings, except that the programs from npm are made to listen on loopback only (`bench/loopback.mjs`).',
    '',
    '## How it is measured',
    '',
    '- **Interleaved**: all processes are alive at the same time. In every round each contestant has several short turns, in an order that rotates, so that other work of the machine slows all of them. Where differences are small (the first calls, load, large results, HTTP mode, local servers, servers of a file), a round has three such processes of each contestant.',
    '- **Start**: from spawning `node <script>` until the line that answers `initialize` is complete; files are in the page cache, the home is empty each time.',
    '- **Start under Node 24 and 26**: the same with these versions from npm, in a home that is kept, after a first start that is not counted: `mcp-proxy` finds its compiled code there.',
    '- **A call**: `tools/call` one after the other, 6,000 a round after 4,000 to warm up; the driver takes the time when the line of the answer is complete. What the first 200 calls of a process cost, before the engine has compiled anything, has a row and a budget of its own: three processes a round, in turns of 20 calls.',
    '- **Load**: 32 calls in flight, 4,000 a round after 20,000 calls (or 6 s) to warm up. CPU is user and system time of the contestant from `/proc`. Calls a second also depend on the driver and the server; on few cores they depend mostly on those.',
    '- **HTTP mode**: 32 clients on bare sockets, each with a session and a keep-alive connection of its own (`initialize`, `notifications/initialized`), call the echo tool as soon as they have their answer, for turns of 150 ms after 20,000 calls (or 6 s) to warm up, because the engine compiles for that long. Only the CPU of the program itself counts, without that of clients, servers and child processes.',
    '- **Crossings**: the load of stdio mode and the clients of HTTP mode, between clients and servers that have no revision in common. The floor has the same clients, and servers that agree with them.',
    '- **Local servers**: the same calls, load and HTTP clients, with `bench/stdio-server.mjs` as a child process of the contestant, whose CPU and memory are not counted. A pipe that knows nothing of messages passes whole chunks, so with 32 calls in flight it hardly works at all; the budget is for one call after the other.',
    '- **Large results**: 2 MiB of text with escapes and non-ASCII characters, as a JSON body and as a server-sent event.',
    '- **At rest**: what a start and one list leave behind after 2 s, against a Node that only waits for input; and again a minute after 10,000 calls.',
    '- **Scaling**: HTTP mode with so many open sessions, of which ten call at a time; and with so many sessions that all call at a time. The memory of a session is what the process has gained after they were opened, divided by their number; it includes their connections. One call at a time costs more than ten, because nothing is shared: the process falls asleep and wakes up for every step of it. A thousand cost more than a hundred, because the collector of garbage copies what every call that waits still needs, and all of that no longer fits into the caches of the processor. Both are in Node, and so in the floor too: compare the ratios. With more room for what is young, the collector copies less.',
    '- **Requests**: every HTTP request that reached the server before the first `tools/call`; the highest of three runs.',
    '- **Peak memory**: the highest resident memory while a 16 MiB result crosses, minus what the process held before; the highest of three fresh processes. The result must arrive byte for byte.',
    '',
    '## Reproduce',
    '',
    '```sh',
    'npm ci && npm run build',
    'npm run bench                          # all of it, some minutes; installs the other programs on first use',
    'npm run bench -- --quick               # floor and mcp-proxy only, few repetitions',
    'npm run bench -- --only load           # one measure, or one contestant next to the floor',
    'npm run bench -- --only http           # HTTP mode alone',
    'npm run bench -- --node 26             # under another Node, which is fetched from npm; without the other programs',
    'npm run bench -- --json result.json    # every round, for further use',
    '```',
    '',
  ];
}
