/** The name of a server in a host, where the user gives none. Pure. */

/** Labels of hosts that say what a host is for, not whose it is. */
const GENERAL = /^(?:mcp|api|www|app|sse|server|remote|gateway)$/;

/** A name of letters, digits and `-`: what is particular about the host of the URL. */
export function nameFor({ hostname }: URL): string {
  if (/^[\d.]+$/.test(hostname) || hostname.startsWith('[')) return 'server';
  const labels = hostname.split('.');
  // The last label, and a second one like that of co.uk, say where a host is registered.
  const own = labels.length > 1 ? labels.slice(0, -1) : labels;
  if (own.length > 1 && (own.at(-1) as string).length <= 3 && labels.at(-1)?.length === 2) own.pop();
  const particular = own.findLast((label) => !GENERAL.test(label)) ?? own.at(-1) ?? 'server';
  return (
    particular
      .replace(/[^A-Za-z0-9-]/g, '-')
      .replace(/^-+/, '')
      .slice(0, 64) || 'server'
  );
}

/**
 * A name that no other server has, for a server whose own name is taken: with what is particular about the path of its
 * URL, with the port, or with a number.
 */
export function freeName(name: string, target: string, isTaken: (name: string) => boolean): string {
  const details = URL.canParse(target) ? detailsOf(new URL(target)) : [];
  const candidates = details.map((detail) => `${name}-${detail}`);
  const free = candidates.find((candidate) => candidate.length <= 64 && !isTaken(candidate));
  if (free !== undefined) return free;
  for (let number = 2; ; number++) {
    const candidate = `${name.slice(0, 60)}-${number}`;
    if (!isTaken(candidate)) return candidate;
  }
}

/** The last particular part of the path, and the port. */
function detailsOf({ pathname, port }: URL): string[] {
  const part = pathname.split('/').findLast((one) => /^[A-Za-z0-9][A-Za-z0-9_-]*$/.test(one) && !GENERAL.test(one));
  return [part, port].filter((detail) => detail !== undefined && detail !== '') as string[];
}
