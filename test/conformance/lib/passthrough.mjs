// A reverse proxy that changes nothing and does not know the protocol: a failure through this one is a fault of the
// harness.
//
//   node passthrough.mjs URL
import http from 'node:http';

const upstream = new URL(process.argv[2]);
const server = http.createServer((req, res) => {
  const onward = http.request(
    { host: upstream.hostname, port: upstream.port, method: req.method, path: req.url, headers: req.headers },
    (answer) => {
      res.writeHead(answer.statusCode, answer.statusMessage, answer.rawHeaders);
      res.flushHeaders();
      answer.pipe(res);
    },
  );
  onward.on('error', () => res.destroy());
  res.on('close', () => onward.destroy());
  req.pipe(onward);
});
server.listen(0, '127.0.0.1', () => console.error(`listening on http://127.0.0.1:${server.address().port}`));
process.stdin.resume().once('end', () => process.exit(0));
