// Preloaded into the suite's process. Its scenario servers listen on every interface; a test run must not be
// reachable from other machines, so each such listener binds 127.0.0.1 instead. The hook sits in the last
// synchronous step of listen(), because the suite reads server.address() right after listen(0).
'use strict';
const net = require('node:net');

const bind = net.Server.prototype._listen2;
net.Server.prototype._listen2 = function (address, port, addressType, backlog, fd, ...rest) {
  const everyInterface = address == null || address === '::' || address === '0.0.0.0';
  const tcp = fd === undefined && typeof port === 'number' && port >= 0 && (addressType === 4 || addressType === 6);
  if (everyInterface && tcp) return bind.call(this, '127.0.0.1', port, 4, backlog, fd, ...rest);
  return bind.call(this, address, port, addressType, backlog, fd, ...rest);
};
