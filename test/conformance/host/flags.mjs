// The flags that the proxy needs in the few scenarios whose server allows no sign-in without them: a client registered
// beforehand, or the URL of a client metadata document. Client ids, secrets and keys come from the suite.
import fs from 'node:fs';
import path from 'node:path';

// The suite expects this very URL, and nothing is ever loaded from it.
const METADATA_URL = 'https://conformance-test.local/client-metadata.json';

const secretClient = ({ client_id, client_secret }) => JSON.stringify({ client_id, client_secret });

/** `@FILE`, for what does not belong on a command line. */
function asFile(folder, text) {
  const file = path.join(folder, 'client-info.json');
  fs.writeFileSync(file, text, { mode: 0o600 });
  return `@${file}`;
}

const flags = {
  'auth/pre-registration': (context) => ['--static-oauth-client-info', secretClient(context)],

  'auth/basic-cimd': () => ['--client-metadata-url', METADATA_URL],

  'auth/client-credentials-basic': (context, folder) => [
    '--client-credentials',
    '--static-oauth-client-info',
    asFile(folder, secretClient(context)),
  ],

  'auth/client-credentials-jwt': (context, folder) => {
    const client = {
      client_id: context.client_id,
      token_endpoint_auth_method: 'private_key_jwt',
      token_endpoint_auth_signing_alg: context.signing_algorithm,
      private_key: context.private_key_pem,
    };
    return ['--client-credentials', '--static-oauth-client-info', asFile(folder, JSON.stringify(client))];
  },
};

/** Further arguments of the proxy in this scenario. `context` is what the suite gives the client to know. */
export const scenarioFlags = (scenario, context, folder) => flags[scenario]?.(context, folder) ?? [];
