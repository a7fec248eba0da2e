/** The pins of tools in this process, where it has no folder. */
import type { PinStore, Pins } from '../../core/ports/pins.ts';

export function memoryPins(): PinStore {
  let pins: Pins = { pinned: new Map(), changed: new Map() };
  return {
    read: async () => pins,
    update: async (change) => {
      pins = change(pins);
    },
  };
}
