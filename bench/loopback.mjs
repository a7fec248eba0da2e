// Preloaded into the other programs: they listen on loopback only, on a port the
// system picks, and tell which. Two of them cannot be asked for that.
import net from 'node:net';

const listen = net.Server.prototype.listen;

net.Server.prototype.listen = function (...args) {
  this.once('listening', () => {
    process.stderr.write(`listening on http://127.0.0.1:${this.address().port}\n`);
  });
  const told = args.find((arg) => typeof arg === 'function');
  return listen.call(this, { host: '127.0.0.1', port: 0 }, told);
};
