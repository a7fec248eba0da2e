// What a local server of older revisions logs during a call does not say so, and comes on the stream of the session. In
// front of several replicas, that stream and the answer of the call take different ways, and nothing orders them.
import type { Behaviour } from '../stdio/behaviour.ts';

const LOGS = ['log messages by level', 'a log level that does not exist', 'a log level of one request'];

/** The behaviours, with logs compared apart from answers, once everything that was sent before has arrived. */
export function unordered(behaviours: readonly Behaviour[]): Behaviour[] {
  return behaviours.map((behaviour) => (LOGS.includes(behaviour.name) ? untilArrived(behaviour) : behaviour));
}

function untilArrived(behaviour: Behaviour): Behaviour {
  return {
    ...behaviour,
    loose: true,
    async run(run) {
      await behaviour.run(run);
      // The last message on the stream of the session.
      const changed = run.expectNotified('notifications/prompts/list_changed');
      await run.tool('announce', { what: 'prompts' });
      await changed();
    },
  };
}
