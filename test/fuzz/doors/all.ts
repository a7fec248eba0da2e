// Every way in which bytes of others reach the program.
import { callback } from './callback.ts';
import { childStdout } from './child-stdout.ts';
import { config } from './config-file.ts';
import type { Door } from './door.ts';
import { httpRequests } from './http-requests.ts';
import { serverAnswers } from './server-answers.ts';
import { signIn } from './sign-in.ts';
import { stdin } from './stdin.ts';

export const DOORS: readonly Door[] = [httpRequests, ...stdin, childStdout, ...serverAnswers, callback, signIn, config];
