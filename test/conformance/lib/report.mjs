// Rows for people.
export const header = 'spec        host     scenario                                checks  seconds  result';

export function row({ spec, inner, name, passed, checks, seconds, status, reason }, note = '') {
  const cells = [
    spec.padEnd(11),
    inner.padEnd(8),
    name.padEnd(38),
    `${passed}/${checks}`.padStart(7),
    seconds.toFixed(1).padStart(8),
    ` ${status}`,
  ];
  return [cells.join(' '), reason, note && `(${note})`].filter(Boolean).join('  ');
}

export function serverRow({ name, status, reason, succeeded, checks }, note = '') {
  const cells = [`  ${name.padEnd(46)}`, `${succeeded.length}/${checks}`.padStart(7), ` ${status}`];
  return [cells.join(' '), reason, note && `(${note})`].filter(Boolean).join('  ');
}
