// Requests of any bytes at the listener that takes the user back from the sign-in.
import { connect } from '../../blackbox/http/raw-connection.ts';
import { ask, listening, RIGHT } from '../../unit/auth/sign-in/callback-answers.ts';
import { cut } from '../mutations.ts';
import { type Door, damaged } from './door.ts';

const HEADERS = ['Host: localhost', 'Accept: text/html', 'Cookie: a=b', '', ''].join('\r\n');
const CORPUS = [
  RIGHT,
  '/callback?error=access_denied&error_description=no%20way&state=the-right-state-0123456789',
  '/callback?code=a&code=b&state=x&iss=https%3A%2F%2Fissuer.example',
  '/favicon.ico',
].map((target) => `GET ${target} HTTP/1.1\r\n${HEADERS}`);

export const callback: Door = {
  name: 'the sign-in callback',
  few: 300,
  async open() {
    let current = await listening();
    return {
      async feed(random) {
        const connection = await connect(`http://127.0.0.1:${current.port}`);
        try {
          for (const chunk of cut(damaged(CORPUS, random), random)) connection.write(chunk);
          connection.socket.end();
          const answered = connection.matching(/^HTTP\/1\.1 \d{3} /);
          answered.catch(() => {});
          await Promise.race([answered, connection.closed]);
        } finally {
          connection.destroy();
        }
      },
      async works() {
        const { status } = await ask(current, '/nothing');
        if (status !== 404) throw new Error(`an unknown page: ${status}`);
        current.close();
        current = await listening();
        const right = await ask(current, RIGHT);
        if (right.status !== 200) throw new Error(`the right answer: ${right.status}`);
        current.close();
        current = await listening();
      },
      close: async () => current.close(),
    };
  },
};
