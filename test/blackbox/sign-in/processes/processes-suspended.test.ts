// A process that was suspended for so long that others took over (a laptop that slept, a container that was frozen)
// wakes up with an outdated answer: what others have stored since then stays.
import { expect, it } from 'vitest';
import { opened } from '../../../peers/opened.ts';
import { startProxy } from '../../../peers/proxy.ts';
import { breakLocks, ownerOf, storedSignIn } from '../stored-files.ts';
import { calls, type Fleet, gate, lists, startFleet, until, works } from './fleet.ts';

const open = opened();

interface Suspended {
  readonly fleet: Fleet;
  /** The outcome of its session. */
  readonly outcome: Promise<string>;
  /** Lets it get the answer of the authorization server, and waits until it has used it. */
  wake(): Promise<void>;
}

/** A copy that is frozen during a refresh, together with the process that refreshes for it. */
async function suspended(answered: 'issued' | 'refused'): Promise<Suspended> {
  const fleet = await open(startFleet());
  await fleet.signedIn();
  fleet.authorizationServer.expireAccessTokens();
  const { behaviour } = fleet.authorizationServer;
  const [asked, answer] = [gate(), gate()];
  let refreshes = 0;
  const hold = () => {
    // Those that follow are answered at once.
    if (++refreshes > 1) return undefined;
    asked.open();
    return answer.opened;
  };
  if (answered === 'issued')
    behaviour.afterTokenIssued = ({ form }) => (form.has('refresh_token') ? hold() : undefined);
  else {
    behaviour.beforeToken = hold;
    // Refuses without a look at the token, which would revoke the grant for all processes.
    const first = fleet.authorizationServer.count('token') + 1;
    behaviour.tokenAnswer = ({ n }) => (n === first ? { status: 400, body: { error: 'invalid_grant' } } : undefined);
  }
  const copy = fleet.startOne();
  const outcome = works(copy).then(
    () => 'works',
    (error: Error) => error.message,
  );
  await asked.opened;
  const renewing = await until(() => ownerOf(fleet.home, 'renewal'));
  await open({ close: async () => void (isRunning(renewing) && process.kill(renewing, 'SIGKILL')) });
  copy.signal('SIGSTOP');
  process.kill(renewing, 'SIGSTOP');
  breakLocks(fleet.home);
  return {
    fleet,
    outcome,
    async wake() {
      answer.open();
      process.kill(renewing, 'SIGCONT');
      copy.signal('SIGCONT');
      await until(() => !isRunning(renewing));
    },
  };
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

it('a late refusal deletes nothing that another process has stored', async () => {
  const { fleet, outcome, wake } = await suspended('refused');
  const winner = fleet.startOne();
  await works(winner);
  const stored = storedSignIn(fleet.home);
  await wake();
  expect(storedSignIn(fleet.home)).toEqual(stored);
  expect(await outcome).toBe('works');
  await calls(winner);
  expect(fleet.refreshes).toBe(2);
  expect(fleet.browser.opened).toHaveLength(1);
});

it('late tokens do not replace those that another process has stored', async () => {
  const { fleet, outcome, wake } = await suspended('issued');
  // The second use of the refresh token revokes the grant, so this process signs in again.
  const winner = fleet.startOne();
  await works(winner);
  expect(fleet.browser.opened).toHaveLength(2);
  const stored = storedSignIn(fleet.home);
  await wake();
  expect(storedSignIn(fleet.home)).toEqual(stored);
  expect(await outcome).toBe('works');
  await calls(winner);
  expect(fleet.browser.opened).toHaveLength(2);
});

it('tokens that come after the user has signed out are not stored', async () => {
  const { fleet, outcome, wake } = await suspended('issued');
  const logout = startProxy(undefined, ['logout', fleet.server.url], { home: fleet.home });
  expect(await logout.exit()).toMatchObject({ code: 0 });
  fleet.browser.mode = 'never';
  await wake();
  expect(storedSignIn(fleet.home)?.tokens).toBeUndefined();
  // Its session waits for a sign-in that never happens.
  await fleet.browser.waitForTab(2);
  await fleet.close();
  expect(await outcome).not.toBe('works');
});

it('a sign-in that finishes late does not replace that of another process', async () => {
  const fleet = await open(startFleet({ browser: 'hold' }));
  const late = fleet.startOne();
  await late.rpc.initialize();
  await fleet.browser.waitForTab(1);
  late.signal('SIGSTOP');
  breakLocks(fleet.home);
  const winner = fleet.startOne();
  await winner.rpc.initialize();
  // The suspended process still has the port of the first page.
  await fleet.browser.visit(await until(() => /sign in here: (\S+)/.exec(winner.stderr)?.[1]));
  await lists(winner);
  const stored = storedSignIn(fleet.home);
  late.signal('SIGCONT');
  expect(await fleet.browser.finish(1)).toMatchObject({ status: 200 });
  await lists(late);
  expect(storedSignIn(fleet.home)).toEqual(stored);
  await calls(late);
  await calls(winner);
  expect(fleet.browser.opened).toHaveLength(1);
});
