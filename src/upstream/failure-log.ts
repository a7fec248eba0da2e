/** Logs to stderr why the server cannot be used: not every host shows the error that it gets. */
import type { Log } from '../core/ports.ts';
import { EndedByProxy, ProxyError, WaitsForUser } from '../errors.ts';
import { withNeighbour } from './failure.ts';

export class FailureLog {
  readonly #log: Log;
  readonly #advise: () => Promise<string | undefined>;
  /** The last failure that was logged. */
  #told = '';

  /**
   * @param advise what to type instead of a URL or a transport that does not lead to an MCP
   *   server. Never rejects.
   */
  constructor(log: Log, advise: () => Promise<string | undefined>) {
    this.#log = log;
    this.#advise = advise;
  }

  /** Does the work. Throws its failure with the advice, and logs it unless it repeats the last one. */
  async during<T>(work: () => T | Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (failure) {
      const error = await withNeighbour(failure, this.#advise);
      const isFault = error instanceof ProxyError && !(error instanceof EndedByProxy || error instanceof WaitsForUser);
      if (isFault && error.message !== this.#told) {
        this.#told = error.message;
        this.#log.error(error.data.hint ? `${error.message} (${error.data.hint})` : error.message);
      }
      throw error;
    }
  }
}
