// Loaded into the program before its own code: a hostile name server. It says once that a name is at an address on the
// internet, and from then on that it is this machine. Connections to the address on the internet end at `outside`.
const dns = require('node:dns');
const net = require('node:net');

const { name, address, outside } = JSON.parse(process.env.REBINDING ?? '{}');
const INSIDE = '127.0.0.1';
let asked = 0;

const { lookup } = dns;
dns.lookup = (hostname, options, callback) => {
  const done = typeof options === 'function' ? options : callback;
  if (hostname !== name) return lookup(hostname, options, callback);
  const found = asked === 0 ? address : INSIDE;
  asked += 1;
  const all = typeof options === 'object' && options !== null && options.all;
  return all ? process.nextTick(done, null, [{ address: found, family: 4 }]) : process.nextTick(done, null, found, 4);
};

const { lookup: later } = dns.promises;
dns.promises.lookup = (hostname, options) => {
  if (hostname !== name) return later(hostname, options);
  return new Promise((resolve, reject) => {
    dns.lookup(hostname, options ?? {}, (error, found, family) => {
      if (error) reject(error);
      else resolve(Array.isArray(found) ? found : { address: found, family });
    });
  });
};

/** Where a connection to an address ends. */
const routed = (found) => (found === address ? outside : found);

const { connect } = net.Socket.prototype;
net.Socket.prototype.connect = function (...args) {
  // Within node the arguments come as one list already.
  const list = Array.isArray(args[0]) ? args[0] : args;
  const [options] = list;
  if (typeof options !== 'object' || options === null || options.host !== name) return connect.apply(this, args);
  const look = options.lookup ?? dns.lookup;
  list[0] = {
    ...options,
    lookup: (hostname, how, done) =>
      look(hostname, how, (error, found, family) => {
        if (error) done(error);
        else if (Array.isArray(found))
          done(
            null,
            found.map((one) => ({ ...one, address: routed(one.address) })),
          );
        else done(null, routed(found), family);
      }),
  };
  return connect.apply(this, args);
};
