/** What is done when a client has its answer: the host waits for it, so what is not urgent comes later. */

/** Begins the work when an answer that is passed on now has left. Settles with it. */
export function afterAnswer<T>(work: () => Promise<T>): Promise<T> {
  return new Promise((resolve) => setImmediate(resolve)).then(work);
}
