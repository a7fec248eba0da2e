// Loaded into the program before its own code: the hosts in TEST_HOSTS are this machine, all others go the usual way.
const dns = require('node:dns');
const { lookup } = dns;
const hosts = new Set((process.env.TEST_HOSTS ?? '').split(','));

dns.lookup = (hostname, options, callback) => {
  if (!hosts.has(hostname)) return lookup(hostname, options, callback);
  const done = typeof options === 'function' ? options : callback;
  const all = typeof options === 'object' && options !== null && options.all;
  return all
    ? process.nextTick(done, null, [{ address: '127.0.0.1', family: 4 }])
    : process.nextTick(done, null, '127.0.0.1', 4);
};
