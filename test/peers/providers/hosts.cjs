// Loaded into the program before its own code: the hosts of the stand-ins for authorization servers, under their real
// names and on the real port. Each name has an address of its own, as public as the real one, so that whoever looks
// names up first sees what he would see outside; a connection to it ends on loopback. No other name exists, lest a
// test reach the real thing.
const dns = require('node:dns');
const net = require('node:net');

const HTTPS = 443;
const { port, hosts } = JSON.parse(process.env.STAND_IN_HOSTS ?? '{"port":0,"hosts":[]}');
const addresses = new Map(hosts.map((host, at) => [host, `13.107.6.${at + 1}`]));
const standIns = new Set([...addresses.keys(), ...addresses.values()]);
const local = (host) => net.isIP(host) !== 0 || /(^|\.)localhost$/i.test(host);

const { lookup } = dns;
dns.lookup = (hostname, options, callback) => {
  const done = typeof options === 'function' ? options : callback;
  const address = addresses.get(String(hostname).toLowerCase());
  if (address === undefined && local(hostname)) return lookup(hostname, options, callback);
  if (address === undefined) return process.nextTick(done, unknown(hostname));
  const all = typeof options === 'object' && options !== null && options.all;
  return all ? process.nextTick(done, null, [{ address, family: 4 }]) : process.nextTick(done, null, address, 4);
};

dns.promises.lookup = (hostname, options) =>
  new Promise((resolve, reject) => {
    dns.lookup(hostname, options ?? {}, (error, address, family) => {
      if (error) reject(error);
      else resolve(Array.isArray(address) ? address : { address, family });
    });
  });

const { connect } = net.Socket.prototype;
net.Socket.prototype.connect = function (...args) {
  // Within node the arguments come as one list already.
  const list = Array.isArray(args[0]) ? args[0] : args;
  const [options] = list;
  if (typeof options !== 'object' || options === null || !standIns.has(String(options.host).toLowerCase()))
    return connect.apply(this, args);
  if (Number(options.port) !== HTTPS) throw new Error(`no stand-in listens at ${options.host}:${options.port}`);
  list[0] = { ...options, host: '127.0.0.1', port, lookup: undefined };
  const remoteAddress = addresses.get(String(options.host).toLowerCase()) ?? options.host;
  Object.defineProperty(this, 'remoteAddress', { get: () => (this.destroyed ? undefined : remoteAddress) });
  return connect.apply(this, args);
};

function unknown(hostname) {
  return Object.assign(new Error(`getaddrinfo ENOTFOUND ${hostname}`), { code: 'ENOTFOUND', hostname });
}
