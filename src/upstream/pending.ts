/** A request of ours that waits for its response, on whichever stream that comes. */
import type { Reply } from '../core/jsonrpc.ts';
import { Entry } from '../core/roll.ts';

export class Pending extends Entry {
  readonly id: string;
  readonly settle: (reply: Reply) => void;

  constructor(id: string, settle: (reply: Reply) => void) {
    super();
    this.id = id;
    this.settle = settle;
  }
}
