// A part of `npm run replicas`: clients of both kinds at three replicas, in front of a server with sessions and of a local
// one.

import { httpMatrix } from '../http/suite.ts';
import { V1_STATEFUL, V2_STDIO } from '../stdio/feature-servers.ts';

httpMatrix(V1_STATEFUL, { replicas: 3 });
// As in `http/sdk-v2-stdio.test.ts`.
httpMatrix(V2_STDIO, { replicas: 3, behaviours: ({ name }) => !name.startsWith('arguments mirrored into headers') });
