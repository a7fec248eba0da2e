// Loaded into the program before its own code: the machine's resolver for the names of the tests. Every name under
// "direct.test" or "localhost" is this machine, and no other name under "test" exists; real names go the usual way.
const dns = require('node:dns');
const { lookup } = dns;

dns.lookup = (hostname, options, callback) => {
  const done = typeof options === 'function' ? options : callback;
  const local = /(^|\.)(direct\.test|localhost)\.?$/i.test(hostname);
  if (!local && !hostname.endsWith('.test')) return lookup(hostname, options, callback);
  const missing = Object.assign(new Error(`getaddrinfo ENOTFOUND ${hostname}`), { code: 'ENOTFOUND', hostname });
  if (!local) return process.nextTick(done, missing);
  const all = typeof options === 'object' && options !== null && options.all;
  return all
    ? process.nextTick(done, null, [{ address: '127.0.0.1', family: 4 }])
    : process.nextTick(done, null, '127.0.0.1', 4);
};
