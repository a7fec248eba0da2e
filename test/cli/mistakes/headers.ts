// Headers, and how shells and hosts change them; variables; JSON on the command line.

import type { Group } from './mistake.ts';
import { echoing } from './servers.ts';

const URL = 'https://server.example/mcp';

/** Only what arrives counts, so the servers here answer with the header that they got. */
export const HEADERS: Group = {
  title: 'Headers, variables and JSON',
  mistakes: [
    { title: 'The header has no colon', command: `mcp-proxy ${URL} -H "Authorization Bearer abc123"` },
    {
      title: 'The header has an equals sign',
      command: `mcp-proxy ${URL} -H "Authorization=Bearer abc123"`,
    },
    { title: 'The header is not quoted', command: `mcp-proxy ${URL} -H Authorization: Bearer abc123` },
    {
      title: 'The host splits the header at its space',
      command: `mcp-proxy ${URL} -H Authorization:Bearer abc123`,
      typed: `in the config of a host that starts a shell: "args": ["${URL}", "-H", "Authorization:Bearer abc123"]`,
    },
    { title: 'The name of the header holds a space', command: `mcp-proxy ${URL} -H "Api Key: abc123"` },
    { title: 'The header has no value', command: `mcp-proxy ${URL} -H "Authorization:"` },
    {
      title: 'The header ends after its scheme, because the variable is empty in the shell',
      command: `mcp-proxy ${URL} -H "Authorization: Bearer "`,
      typed: `$ mcp-proxy ${URL} -H "Authorization: Bearer $TOKEN"`,
    },
    {
      title: 'A variable in the config of a host is written $NAME',
      command: `TOKEN=abc123 mcp-proxy ${URL} -H 'Authorization: Bearer $TOKEN'`,
      typed: `in the config of a host: "args": ["${URL}", "-H", "Authorization: Bearer $TOKEN"], "env": {"TOKEN": "abc123"}`,
    },
    {
      title: 'A variable in the config of a host is written %NAME%',
      command: `TOKEN=abc123 mcp-proxy ${URL} -H 'Authorization: Bearer %TOKEN%'`,
      typed: `in the config of a host: "args": ["${URL}", "-H", "Authorization: Bearer %TOKEN%"], "env": {"TOKEN": "abc123"}`,
    },
    {
      title: 'A variable in the config of a host is written $env:NAME',
      command: `TOKEN=abc123 mcp-proxy ${URL} -H 'Authorization: Bearer $env:TOKEN'`,
      typed: `in the config of a host: "args": ["${URL}", "-H", "Authorization: Bearer $env:TOKEN"], "env": {"TOKEN": "abc123"}`,
    },
    {
      title: 'The placeholder is that of another program',
      command: `mcp-proxy ${URL} -H 'Authorization: Bearer \${input:token}'`,
      typed: `in the config of a host: "args": ["${URL}", "-H", "Authorization: Bearer \${input:token}"]`,
    },
    {
      title: 'The variable is not set',
      command: `mcp-proxy ${URL} -H 'Authorization: Bearer \${TOKEN}'`,
    },
    {
      title: 'The variable is empty',
      command: `TOKEN= mcp-proxy ${URL} -H 'Authorization: Bearer \${TOKEN}'`,
    },
    {
      title: 'The header is in single quotes, which cmd.exe does not understand',
      command: `mcp-proxy ${URL} -H "'X-Api-Key:abc123'"`,
      typed: `C:\\> mcp-proxy ${URL} -H 'X-Api-Key:abc123'`,
    },
    {
      title: 'The value of the header is in extra quotes',
      command: `mcp-proxy ${URL} -H 'Authorization: "Bearer abc123"'`,
    },
    {
      title: 'The header is in curly quotes',
      command: `mcp-proxy ${URL} -H “Authorization: Bearer abc123”`,
    },
    {
      title: 'The token ends in a curly quote',
      command: `mcp-proxy ${URL} -H 'Authorization: Bearer abc123”'`,
    },
    {
      title: 'The example is sent as it is',
      command: `mcp-proxy {url} -H "Authorization: Bearer <your token>"`,
      setUp: echoing,
    },
    {
      title: 'cmd.exe splits JSON in single quotes',
      command: 'mcp-proxy',
      typed: `C:\\> mcp-proxy ${URL} --static-oauth-client-info '{"client_id": "my-client"}'`,
      argv: [URL, '--static-oauth-client-info', "'{client_id:", "my-client}'"],
    },
    {
      title: 'PowerShell takes the quotes out of JSON',
      command: 'mcp-proxy',
      typed: `PS C:\\> mcp-proxy ${URL} --static-oauth-client-info '{"client_id":"my-client"}'`,
      argv: [URL, '--static-oauth-client-info', '{client_id:my-client}'],
    },
    {
      title: 'bash splits JSON without quotes',
      command: 'mcp-proxy',
      typed: `$ mcp-proxy ${URL} --static-oauth-client-info {"client_id":"my-client","client_secret":"abc123"}`,
      argv: [URL, '--static-oauth-client-info', 'client_id:my-client', 'client_secret:abc123'],
    },
    {
      title: 'The JSON has one comma too many',
      command: `mcp-proxy ${URL} --static-oauth-client-info '{"client_id": "my-client",}'`,
    },
    {
      title: 'The client has no id',
      command: `mcp-proxy ${URL} --static-oauth-client-info '{"clientId": "my-client"}'`,
    },
    {
      title: 'The placeholder in the client is not set',
      command: `mcp-proxy ${URL} --static-oauth-client-info '{"client_id": "my-client", "client_secret": "\${SECRET}"}'`,
    },
  ],
};
