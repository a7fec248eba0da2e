/** Says on stderr why the server cannot be used: not every host shows the error that it gets. */
import type { Log } from '../core/ports.ts';
import { EndedByProxy, ProxyError } from '../errors.ts';
import { withNeighbour } from './failure.ts';

export class FailureLog {
  readonly #log: Log;
  readonly #neighbour: () => Promise<URL | undefined>;
  /** The last failure that was logged. */
  #told = '';

  /** @param neighbour finds a URL beside this one where an MCP server answers. Never rejects. */
  constructor(log: Log, neighbour: () => Promise<URL | undefined>) {
    this.#log = log;
    this.#neighbour = neighbour;
  }

  /** Does the work. Logs its failure, unless it is the last one again, and throws it with what is known of neighbours. */
  async during<T>(work: () => T | Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (failure) {
      const error = await withNeighbour(failure, this.#neighbour);
      if (error instanceof ProxyError && !(error instanceof EndedByProxy) && error.message !== this.#told) {
        this.#told = error.message;
        this.#log.error(error.data.hint ? `${error.message} (${error.data.hint})` : error.message);
      }
      throw error;
    }
  }
}
