/** What the server says to a harmless request: whether it is one, whether it works, and whether it lets its user in. */
import { type Challenge, demandOf } from '../../../../auth/challenge.ts';
import type { HttpServer } from '../../../../config.ts';
import type { CancelSignal } from '../../../../core/cancel.ts';
import type { Fetch, HttpResponse } from '../../../../core/fetch.ts';
import { showUrl } from '../../../../core/redact.ts';
import { ProxyError } from '../../../../errors.ts';
import { Neighbours } from '../../../../upstream/detection/neighbours.ts';
import { refusedCredential } from '../../../../upstream/refusals/refused-credential.ts';
import { askServer } from '../../endpoint-check.ts';
import { again } from '../command-line.ts';
import { type Finding, failed, stepOf } from '../examination.ts';
import type { Patient } from '../patient.ts';
import { schemeFinding } from './scheme.ts';

export interface ServerQuestion extends Patient<HttpServer> {
  /** Sends the stored token, if there is one that can be sent. */
  readonly fetch: Fetch;
  /** Sends no token. */
  readonly plain: Fetch;
  /** Whether `fetch` sends a token. */
  readonly isSignedIn: boolean;
}

export interface AnsweredOpening {
  /** `closed`: the server asks for a sign-in, or refuses the stored one. */
  readonly kind: 'open' | 'closed' | 'failed';
  readonly finding: Finding;
  readonly challenge?: Challenge;
}

export async function askForAnswer(asked: ServerQuestion, signal: CancelSignal): Promise<AnsweredOpening> {
  const { server, fetch } = asked;
  let response: HttpResponse;
  try {
    response = await askServer((request) => fetch({ ...request, signal: request.signal ?? signal }), server.url);
  } catch (error) {
    if (!(error instanceof ProxyError)) throw error;
    return { kind: 'failed', finding: await withoutAnswer(error, asked) };
  }
  response.body.destroy();
  const { status } = response;
  const misread = status === 400 ? await misreadFinding(asked) : undefined;
  if (misread) return { kind: 'failed', finding: misread };
  const demand = demandOf(response, { inSession: false });
  if (demand.kind !== 'nothing' && response.credential === undefined) {
    const text = 'it answers, and asks for a sign-in';
    return { kind: 'closed', finding: { mark: 'ok', text }, challenge: demand.challenge };
  }
  if (status === 401 || status === 403) return { kind: 'failed', finding: refusal(response, status, server.url) };
  if (status === 429 || status >= 500) return { kind: 'failed', finding: trouble(status) };
  return { kind: 'open', finding: { mark: 'ok', text: 'an MCP server answers' } };
}

/** No answer of an MCP server came; the URL may be almost right. */
async function withoutAnswer(error: ProxyError, asked: ServerQuestion): Promise<Finding> {
  const { server, typed, plain } = asked;
  const { url, strategy } = server;
  const { httpStatus } = error.data;
  if (error.code === 'timeout') {
    return {
      mark: 'fail',
      text: 'the server takes connections, but does not answer',
      details: [error.message],
      next: { say: 'Try again later. If it stays so, ask the operator of the server.' },
    };
  }
  const misread = httpStatus === undefined || httpStatus === 400 ? await misreadFinding(asked, error) : undefined;
  if (misread) return misread;
  if (httpStatus === undefined || error.code === 'unreachable') return failed(error);
  if (httpStatus >= 300 && httpStatus < 400) return redirected(error, url);
  const found = await new Neighbours(url, strategy, plain).find();
  const isPage = httpStatus < 300;
  const text = isPage
    ? 'there is a web page here, not an MCP server'
    : `there is no MCP server at this path (HTTP ${httpStatus})`;
  if (found) {
    return {
      mark: 'fail',
      text,
      details: [`one answers at ${showUrl(found)}`],
      next: { say: 'Use that URL:', command: again('doctor', { ...typed, url: found.href }) },
    };
  }
  return {
    mark: 'fail',
    text,
    details: ['/mcp and /sse beside it do not answer as one either'],
    next: { say: 'Look up the exact URL in the documentation of the server, then run the doctor with it.' },
  };
}

/** Whether the server took the request for noise, because it encrypts; many answer that with 400. */
function misreadFinding(asked: ServerQuestion, cause = new Error('HTTP 400')): Promise<Finding | undefined> {
  if (asked.server.url.protocol !== 'http:' || asked.config.enableProxy) return Promise.resolve(undefined);
  return schemeFinding(asked, cause);
}

/** The server sends the request on, to where it must not go. */
function redirected(error: ProxyError, url: URL): Finding {
  const { text, ...finding } = failed(error);
  const details = ['a redirect is an answer that sends the client to another address'];
  return { ...finding, text: text.replace(showUrl(url), 'the server'), details };
}

/** The server refuses what its user sends as proof. */
function refusal(response: HttpResponse, status: 401 | 403, url: URL): Finding {
  const { message, hint } = refusedCredential(
    {
      where: showUrl(url),
      status,
      credential: response.credential,
      challenge: [response.headers['www-authenticate'] ?? ''].flat().join(', '),
      body: '',
    },
    Date.now(),
  );
  return { mark: 'fail', text: message.replace(`${showUrl(url)} `, 'it '), next: stepOf(hint) };
}

function trouble(status: number): Finding {
  if (status === 429) {
    return {
      mark: 'fail',
      text: 'it takes no more requests for now (HTTP 429)',
      next: { say: 'Wait a few minutes, then run the doctor again.' },
    };
  }
  const isGateway = status === 502 || status === 504;
  return {
    mark: 'fail',
    text: `the server itself has failed (HTTP ${status})`,
    details: [
      isGateway
        ? 'the gateway in front of the server cannot reach it'
        : 'nothing is wrong with your URL, network or settings',
    ],
    next: { say: 'Try again later. If it stays so, ask the operator of the server.' },
  };
}
