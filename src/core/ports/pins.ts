/** What the tools of a server looked like when they were first seen, or last accepted. */

/** Definitions as JSON text, by the names of the tools. */
export interface Pins {
  readonly pinned: ReadonlyMap<string, string>;
  /** The definitions that differ from the pinned ones, and wait for the user. */
  readonly changed: ReadonlyMap<string, string>;
}

/** The pins of one server, which several processes share. Methods reject with a ProxyError when they cannot be kept. */
export interface PinStore {
  /** The file that people can look into, if there is one. */
  readonly place?: string;
  read(): Promise<Pins>;
  /** Replaces what is kept by what `change` makes of it; no other process changes it meanwhile. */
  update(change: (pins: Pins) => Pins): Promise<void>;
}
