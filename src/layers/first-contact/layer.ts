/** The layer that answers the client while its user signs in. */
import { changed, type Layer } from '../../core/layer.ts';
import { FirstContact, type FirstContactOptions } from './first-contact.ts';

export function firstContact(options: FirstContactOptions): Layer {
  return (inner) => (client) => {
    const server = inner(client);
    const contact = new FirstContact({ ...options, peer: client }, server);
    return changed(server, {
      request: contact.request,
      notify: (call) => contact.notify(call),
      close(limit) {
        contact.end();
        return server.close(limit);
      },
    });
  };
}
