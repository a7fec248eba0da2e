// What the host does in each scenario. The suite does most of the judging; a move itself fails if an answer that should
// have come back through the proxy did not.
import { SdkErrorCode } from '@modelcontextprotocol/client';

function must(condition, expectation) {
  if (!condition) throw new Error(`the host did not see it: ${expectation}`);
}

const text = (result) => (result.content ?? []).map((block) => block.text ?? '').join(' ');

const listTools = async (host) => {
  await host.connect();
  return host.tools();
};

/** Everything a signed-in host can do on the OAuth scenarios' server: one tool to list, one to call. */
async function useServer(host) {
  const tools = await listTools(host);
  must(
    tools.some((tool) => tool.name === 'test-tool'),
    'test-tool in the list',
  );
  must(text(await host.call('test-tool')) === 'test', 'the answer of test-tool');
}

/** The same where the sign-in must not succeed: the host must get an error, and must not be left waiting. */
async function beRefused(host) {
  let refusal;
  await useServer(host).catch((error) => {
    refusal = error;
  });
  must(refusal, 'a refusal');
  if (refusal.code === SdkErrorCode.RequestTimeout) throw refusal;
  host.log('refused:', String(refusal));
}

/** Declares elicitation and answers every form with this content. */
const answering = (elicitation, content) => ({
  capabilities: { elicitation },
  prepare: (client) => client.setRequestHandler('elicitation/create', async () => ({ action: 'accept', content })),
});

export const moves = {
  initialize: listTools,

  'json-schema-ref-no-deref': listTools,

  async tools_call(host) {
    const tools = await listTools(host);
    must(
      tools.some((tool) => tool.name === 'add_numbers'),
      'add_numbers in the list',
    );
    must(/\b8\b/.test(text(await host.call('add_numbers', { a: 5, b: 3 }))), 'the sum of 5 and 3');
  },

  async 'request-metadata'(host) {
    await host.connect({
      capabilities: { roots: { listChanged: true }, sampling: {}, elicitation: {} },
      prepare: (client) => {
        client.setRequestHandler('roots/list', async () => ({ roots: [] }));
        client.setRequestHandler('elicitation/create', async () => ({ action: 'decline' }));
        client.setRequestHandler('sampling/createMessage', async () => ({
          role: 'assistant',
          model: 'none',
          content: { type: 'text', text: '' },
        }));
      },
    });
    // The server of the scenario refuses a version here to see what the client does next, so this may fail.
    await host.tools().catch((error) => host.log('tools/list:', String(error)));
  },

  async 'http-standard-headers'(host) {
    const { request } = host;
    const tools = await listTools(host);
    for (const tool of tools) await host.call(tool.name);
    const { resources } = await host.client.listResources(undefined, request);
    for (const resource of resources) await host.client.readResource({ uri: resource.uri }, request);
    const { prompts } = await host.client.listPrompts(undefined, request);
    for (const prompt of prompts) await host.client.getPrompt({ name: prompt.name, arguments: {} }, request);
    must(tools.length && resources.length && prompts.length, 'tools, resources and prompts, all listed');
  },

  async 'http-custom-headers'(host) {
    await listTools(host);
    for (const { name, arguments: args } of host.context.toolCalls ?? []) await host.call(name, args);
  },

  async 'http-invalid-tool-headers'(host) {
    const tools = await listTools(host);
    host.log(
      'offered:',
      tools.map((tool) => tool.name),
    );
    // Calls every tool that is still offered; the suite fails the run if one of them has invalid headers.
    for (const tool of tools) {
      await host.call(tool.name, { region: 'us-west1' }).catch((error) => host.log(tool.name, String(error)));
    }
  },

  async 'sep-2322-client-request-state'(host) {
    await host.connect(answering({}, { confirmed: true }));
    must(text(await host.call('test_mrtr_echo_state')).includes('echo-state-ok'), 'the call with state completed');
    must(text(await host.call('test_mrtr_no_state')).includes('no-state-ok'), 'the call without state completed');
    await host.call('test_mrtr_unrelated');
    // An answer without resultType: the client may accept or refuse it, the suite looks at what follows.
    await host.call('test_mrtr_no_result_type').catch((error) => host.log('no resultType:', String(error)));
  },

  async 'json-schema-2020-12-preservation'(host) {
    const tools = await listTools(host);
    const tool = tools.find((candidate) => candidate.name === 'json_schema_2020_12_tool');
    must(tool, 'json_schema_2020_12_tool in the list');
    await host.call('json_schema_echo', { schema: tool.inputSchema });
  },

  async 'elicitation-sep1034-client-defaults'(host) {
    await host.connect(answering({ form: { applyDefaults: true } }, {}));
    await host.tools();
    await host.call('test_client_elicitation_defaults');
  },

  async 'sse-retry'(host) {
    // The suite takes the first GET after the call for the reconnection. Calls of a client that can be asked something
    // wait for the stream beside them, so that its GET comes first on a busy machine too.
    await host.connect({
      capabilities: { roots: {} },
      prepare: (client) => client.setRequestHandler('roots/list', async () => ({ roots: [] })),
    });
    await host.tools();
    const result = await host.call('test_reconnection');
    must(/completed successfully/i.test(text(result)), 'the result that comes after the reconnect');
  },

  'auth/metadata-default': useServer,
  'auth/metadata-var1': useServer,
  'auth/metadata-var2': useServer,
  'auth/metadata-var3': useServer,
  'auth/2025-03-26-oauth-metadata-backcompat': useServer,
  'auth/2025-03-26-oauth-endpoint-fallback': useServer,
  'auth/metadata-issuer-mismatch': beRefused,
  'auth/resource-mismatch': beRefused,

  'auth/basic-cimd': useServer,
  'auth/pre-registration': useServer,
  'auth/token-endpoint-auth-basic': useServer,
  'auth/token-endpoint-auth-post': useServer,
  'auth/token-endpoint-auth-none': useServer,

  'auth/scope-from-www-authenticate': useServer,
  'auth/scope-from-scopes-supported': useServer,
  'auth/scope-omitted-when-undefined': useServer,
  'auth/offline-access-scope': useServer,
  'auth/offline-access-not-supported': useServer,
  // Listing needs one scope, calling another.
  'auth/scope-step-up': useServer,
  // The server asks for more however often the client signs in.
  'auth/scope-retry-limit': beRefused,
  // The first request with a token is accepted; from then on only tokens of a second authorization server are.
  'auth/authorization-server-migration': useServer,

  'auth/iss-supported': useServer,
  'auth/iss-not-advertised': useServer,
  'auth/iss-supported-missing': beRefused,
  'auth/iss-wrong-issuer': beRefused,
  'auth/iss-unexpected': beRefused,
  'auth/iss-normalized': beRefused,

  'auth/client-credentials-basic': useServer,
  'auth/client-credentials-jwt': useServer,
  'auth/enterprise-managed-authorization': useServer,
  'auth/dpop': useServer,
  'auth/dpop-nonce': useServer,
  'auth/wif-jwt-bearer': useServer,
};
