/** The examination of a server at a URL, from the address to a call. */
import { bearerOf, secretsIn } from '../../../../auth/vault/credentials.ts';
import { type HttpServer, isLoopback } from '../../../../config.ts';
import { createHttpClient, type HttpClient } from '../../../../http/client.ts';
import { again } from '../command-line.ts';
import { type CheckName, type Finding, failed, limited } from '../examination.ts';
import type { Patient } from '../patient.ts';
import { SESSION_CHECKS } from '../session/checks.ts';
import { Client } from '../session/client.ts';
import { examineSession } from '../session/examine.ts';
import { settingsFinding } from '../settings.ts';
import { type CertificateFacts, encryptionFinding } from './encryption.ts';
import { connectTo, connectToProxy, lookAtCertificate, lookUp } from './network.ts';
import { type NetworkRoute, routeTo, withProxyStep } from './route.ts';
import { schemeFinding } from './scheme.ts';
import { askForAnswer } from './server-answer.ts';
import { examineSignIn, SIGN_IN_CHECKS } from './sign-in.ts';
import { isUsable, readStoredSignIn, type StoredSignIn } from './stored-sign-in.ts';
import { remoteConnect } from './upstream.ts';

const SETTINGS: CheckName = ['settings', 'Settings'];
const ADDRESS: CheckName = ['address', 'Address'];
const PROXY: CheckName = ['outbound-proxy', 'Proxy'];
const NAME: CheckName = ['dns', 'Name lookup'];
const CONNECTION: CheckName = ['tcp', 'Connection'];
const ENCRYPTION: CheckName = ['tls', 'Encryption'];
const ANSWER: CheckName = ['answer', 'Server'];

/** Milliseconds. */
const [QUICK, NETWORK, ANSWERS, ENDING] = [5_000, 10_000, 15_000, 2_000] as const;

export async function examineRemote(patient: Patient<HttpServer>): Promise<void> {
  const { examination, server, config, unset, version } = patient;
  const rest = [ANSWER, ...SIGN_IN_CHECKS, ...SESSION_CHECKS];
  await examination.run(SETTINGS, QUICK, () => settingsFinding(patient, process.platform));
  await examination.run(ADDRESS, QUICK, () => addressFinding(server.url));
  if (!(await examineNetwork(patient))) {
    examination.skipAll(rest, 'the server cannot be reached');
    return;
  }
  if (unset.length > 0) {
    examination.skipAll(rest, `not before ${unset.map(({ variable }) => variable).join(', ')} has a value`);
    return;
  }
  const userAgent = `mcp-proxy/${version}`;
  const http = createHttpClient({ ...server, enableProxy: config.enableProxy, userAgent, env: process.env });
  try {
    await examineAnswers(patient, http);
  } finally {
    http.close();
  }
}

/** Whether there is a way to the server. */
async function examineNetwork(patient: Patient<HttpServer>): Promise<boolean> {
  const { examination, server, config, typed } = patient;
  const { url } = server;
  let route: NetworkRoute | undefined;
  await examination.run(PROXY, QUICK, async () => {
    route = await routeTo(url, config.enableProxy, process.env, again('doctor', typed, ['--enable-proxy']));
    return route.finding;
  });
  if (!route) {
    examination.skipAll([NAME, CONNECTION, ENCRYPTION], 'the proxy cannot be used');
    return false;
  }
  const found = route;
  if (found.proxy) return viaProxy(patient, found.proxy);
  const steps: readonly (readonly [CheckName, () => Promise<Finding>])[] = [
    [NAME, () => lookUp(url)],
    [CONNECTION, () => connectTo(url)],
    [ENCRYPTION, () => encryption(patient)],
  ];
  for (const [index, [name, work]] of steps.entries()) {
    const { mark } = await examination.run(name, NETWORK, async () => withProxyStep(await work(), found));
    if (mark !== 'fail') continue;
    examination.skipAll(
      steps.slice(index + 1).map(([later]) => later),
      'not before that works',
    );
    return false;
  }
  return true;
}

async function viaProxy(
  { examination }: Patient,
  { host, port }: NonNullable<NetworkRoute['proxy']>,
): Promise<boolean> {
  examination.skip(NAME, 'the proxy looks the name up');
  const isReached =
    port === undefined ||
    (await examination.run(CONNECTION, NETWORK, () => connectToProxy({ host, port }))).mark !== 'fail';
  if (port === undefined) examination.skip(CONNECTION, 'the first request shows it');
  examination.skip(ENCRYPTION, isReached ? 'the first request shows it' : 'not before that works');
  return isReached;
}

async function encryption(patient: Patient<HttpServer>): Promise<Finding> {
  const { server, typed } = patient;
  const { url, tls } = server;
  if (url.protocol === 'http:') {
    if (isLoopback(url.hostname)) return { mark: 'ok', text: 'none, and none needed on this machine' };
    return { mark: 'warn', text: 'none: others on the way can read and change everything' };
  }
  let facts: CertificateFacts;
  try {
    facts = await lookAtCertificate(server, process.env);
  } catch (error) {
    return (await schemeFinding(patient, error as Error)) ?? failed(error);
  }
  return encryptionFinding(facts, {
    hostname: url.hostname,
    now: Date.now(),
    ca: tls.ca !== undefined,
    withAuthority: again('doctor', typed, ['--ca', '/path/to/ca.pem']),
  });
}

function addressFinding(url: URL): Finding {
  const { hostname, port, protocol } = url;
  const shown = port || (protocol === 'https:' ? '443' : '80');
  return { mark: 'ok', text: `${protocol.slice(0, -1)}, host ${hostname}, port ${shown}` };
}

/** What the server says, and who it lets in. */
async function examineAnswers(patient: Patient<HttpServer>, http: HttpClient): Promise<void> {
  const { examination, server, hide } = patient;
  const stored = await limited(QUICK, () => readStoredSignIn(server, patient.config)).catch(
    (error: Error): StoredSignIn => ({ credentials: undefined, problem: error.message, isForUs: false }),
  );
  hide(secretsIn(stored.credentials));
  const bearer = isUsable(stored, Date.now()) ? bearerOf(stored.credentials) : undefined;
  const fetch = remoteConnect.fetchWith(http, server, bearer);
  const asked = { ...patient, fetch, plain: http.fetch, isSignedIn: bearer !== undefined };
  let answered: Awaited<ReturnType<typeof askForAnswer>> | undefined;
  await examination.run(ANSWER, ANSWERS, async (signal) => {
    answered = await askForAnswer(asked, signal);
    return answered.finding;
  });
  const kind = answered?.kind ?? 'failed';
  const isIn = await examineSignIn({ ...asked, stored, kind, challenge: answered?.challenge });
  if (!isIn) {
    examination.skipAll(
      SESSION_CHECKS,
      kind === 'failed' ? 'not before the server answers' : 'not before you are signed in',
    );
    return;
  }
  const { connect, transport } = remoteConnect.open(patient, http, fetch);
  const client = new Client(connect);
  try {
    await examineSession(patient, client, transport);
  } finally {
    await client.close(ENDING);
  }
}
