// The place where one mistake happens: a working folder, a home, and the servers for it. It knows which parts of a text
// differ from run to run.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { freePort } from '../../peers/free-port.ts';
import type { Peer } from '../../peers/listen.ts';
import { privateHome } from '../../peers/proxy.ts';

/** The port of the first server on the page. */
const FIRST_PORT = 3000;

export class Workspace {
  readonly folder = mkdtempSync(path.join(os.tmpdir(), 'mcp-proxy-mistake-'));
  readonly home = privateHome();
  readonly #peers: { close(): Promise<unknown> }[] = [];
  readonly #ports: string[] = [];

  /** Closes the server at the end, and shows its port as that of the n-th server. */
  async open<T extends Pick<Peer, 'close'> & { readonly url?: string }>(starting: Promise<T>): Promise<T> {
    const peer = await starting;
    this.#peers.push(peer);
    if (peer.url !== undefined) this.knowPort(new URL(peer.url).port);
    return peer;
  }

  /** Shows the port as that of one more server. */
  knowPort(port: number | string): void {
    this.#ports.push(String(port));
  }

  /** A port that this process listens on until the end. */
  async holdPort(): Promise<number> {
    const holder = createServer((socket) => socket.destroy());
    await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve));
    this.#peers.push({ close: () => new Promise((resolve) => holder.close(resolve)) });
    const { port } = holder.address() as AddressInfo;
    this.knowPort(port);
    return port;
  }

  /** A port that nothing listens on. */
  async freePort(): Promise<number> {
    const port = await freePort();
    this.knowPort(port);
    return port;
  }

  /** Writes a file into the working folder; without content, makes a folder there. */
  file(name: string, content?: string | Buffer): void {
    const file = path.join(this.folder, name);
    if (content === undefined) mkdirSync(file);
    else writeFileSync(file, content);
  }

  /** The text with the parts replaced that differ from run to run. */
  normalise(text: string): string {
    let shown = text.replaceAll(this.home, '~').replaceAll(this.folder, '.');
    this.#ports.forEach((port, index) => {
      shown = shown.replace(new RegExp(`\\b${port}\\b`, 'g'), String(FIRST_PORT + index));
    });
    return withoutMeasures(shown)
      .replace(/\(pid \d+\)/g, '(pid 4242)')
      .replace(/(\/authorize\?)[^\s"]*/g, '$1…')
      .replace(/\b(localhost|127\.0\.0\.1):[1-9]\d{4}\b/g, '$1:14242')
      .replace(/\b20\d\d-\d\d-\d\d(?:T[\d:.]+Z)?/g, shownDate);
  }

  async close(): Promise<void> {
    for (const peer of this.#peers.splice(0).reverse()) await peer.close();
    for (const folder of [this.folder, this.home]) rmSync(folder, { recursive: true, force: true });
  }
}

/** What the doctor measures, and where Node is, are different on every machine. */
function withoutMeasures(text: string): string {
  return text
    .replace(/ {2,}[\d.]+ m?s$/gm, '')
    .replace(/ takes (?:less than )?\d+ ms$/gm, ' takes 4 ms')
    .replace(/^( *\d+ {2}ok {4}Program {8}).*\n(?: {25,}.*\n)*/m, '$1/usr/bin/node\n')
    .replace(/^( *\d+ {2}ok {4}Node {11}).*\n(?: {25,}.*\n)*/m, '$1v20.19.5, /usr/bin/node\n');
}

/** The day on which the page was written, as it says itself. */
const TODAY = Date.parse('2026-01-15');
const DAY = 24 * 60 * 60 * 1000;

/** A date on the page, as far from the day of the page as this one is from today. */
function shownDate(date: string): string {
  if (FIXED.test(date.slice(0, 10))) return date.slice(0, 10);
  const days = Math.floor(Date.parse(date) / DAY) - Math.floor(Date.now() / DAY);
  return new Date(TODAY + days * DAY).toISOString().slice(0, 10);
}

/** Dates that are the same on every day: revisions of the protocol, and those that the mistakes themselves contain. */
const FIXED = /^(?:2024-11-05|2025-03-26|2025-06-18|2025-11-25|2026-07-28|2026-01-01|2031-01-01)$/;
