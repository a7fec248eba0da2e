/** A URL that begins with `http:` where the server encrypts, or with `https:` where it does not. */
import { type HttpServer, isLoopback } from '../../../../config.ts';
import { otherScheme } from '../../../../core/url.ts';
import { wrongScheme } from '../../../../http/unreachable/scheme.ts';
import { again } from '../command-line.ts';
import type { Finding } from '../examination.ts';
import type { Patient } from '../patient.ts';

/**
 * The finding, if the server turns out to speak the other scheme. Sends at most one harmless request.
 * @param cause why that may be
 */
export async function schemeFinding(
  { server, typed }: Patient<HttpServer>,
  cause: Error,
): Promise<Finding | undefined> {
  const { url } = server;
  if (!(await wrongScheme(url, cause))) return undefined;
  const shown = typed.url !== undefined && URL.canParse(typed.url) ? new URL(typed.url) : url;
  const right = { ...typed, url: otherScheme(shown).href };
  if (url.protocol === 'http:') {
    return {
      mark: 'fail',
      text: 'the URL begins with http:, but the server takes only encrypted connections',
      next: { say: 'Write https: instead:', command: again('doctor', right) },
    };
  }
  const isHere = isLoopback(url.hostname);
  return {
    mark: 'fail',
    text: 'the URL begins with https:, but this port does not use encryption',
    details: isHere ? [] : ['without encryption, others on the way can read and change everything'],
    next: {
      say: isHere ? 'Write http: instead:' : 'Check the port in the URL. If it is right, and you accept that:',
      command: again('doctor', right, isHere ? [] : ['--allow-http']),
    },
  };
}
