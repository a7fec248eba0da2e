// Loaded before server-everything: it would listen on every interface, and it reports the port it asked for instead
// of the one it got. Here it listens on loopback, and tells its parent the real port.
'use strict';
const net = require('node:net');

const listen = net.Server.prototype.listen;
net.Server.prototype.listen = function (port, ...rest) {
  const callback = rest.find((argument) => typeof argument === 'function');
  this.once('listening', () => process.send?.({ port: this.address().port }));
  return listen.call(this, { port: Number(port), host: '127.0.0.1' }, callback);
};

// The parent is gone: so is this process.
process.on('disconnect', () => process.exit(0));
