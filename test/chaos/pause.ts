// The faults of a bad day last for a while; nothing waits for them.

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
