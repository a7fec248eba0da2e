/** The layer that answers the client while its user signs in. */
import { changed, type Layer } from '../../core/layer.ts';
import { drained } from '../../core/timer.ts';
import { FirstContact } from './first-contact.ts';
import type { FirstContactOptions } from './waiting.ts';

export function firstContact(options: Omit<FirstContactOptions, 'peer'>): Layer {
  return (inner) => (client) => {
    const server = inner(client);
    const contact = new FirstContact({ ...options, peer: client }, server);
    return changed(server, {
      request: contact.request,
      notify: (call) => contact.notify(call),
      async close(limit) {
        const left = await drained(contact.idle(), limit);
        contact.end();
        await server.close(left);
      },
      destroy(reason) {
        contact.destroy(reason);
        server.destroy(reason);
      },
    });
  };
}
