// The floor of HTTP mode: pipes requests and answers between HTTP clients and an
// HTTP server, and knows nothing of what they hold.
import http from 'node:http';

const { hostname, port, host } = new URL(process.argv[2]);
// Of more connections than 256, Node would close some after each call, and open them again for the next.
const agent = new http.Agent({ keepAlive: true, maxFreeSockets: Number.POSITIVE_INFINITY });

const server = http.createServer((incoming, outgoing) => {
  const { method, url: path, headers } = incoming;
  const request = http.request({ hostname, port, agent, method, path, headers: { ...headers, host } }, (response) => {
    outgoing.writeHead(response.statusCode, response.headers);
    response.pipe(outgoing);
  });
  request.on('error', (error) => outgoing.destroy(error));
  incoming.pipe(request);
});

// Sockets idle while another contestant has its turn.
server.keepAliveTimeout = 0;
server.listen(0, '127.0.0.1', () => {
  process.stderr.write(`listening on http://127.0.0.1:${server.address().port}\n`);
});
