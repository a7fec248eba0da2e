// Configuration files of any bytes. Each case starts the program.
import { startProxy } from '../../peers/proxy.ts';
import { configFile } from '../../peers/several/config-file.ts';
import { type Door, damaged, judgeWords } from './door.ts';

const CORPUS = [
  '{\n  // servers\n  "mcpServers": {\n    "a": { "command": "/nowhere/server", "args": ["x"], "env": { "A": "b" } },\n    "b": { "url": "http://127.0.0.1:9/mcp", "headers": { "X-A": "${NAME:-b}" } }\n  }\n}\n',
  '{"servers":{"a":{"type":"http","url":"http://127.0.0.1:9/mcp"},"é":{"type":"sse","url":"http://127.0.0.1:9/sse","disabled":true}}}',
];

export const config: Door = {
  name: 'a configuration file',
  few: 12,
  async open() {
    const file = configFile(CORPUS[0]);
    const attempt = async (text: Buffer | string): Promise<void> => {
      file.write(text.toString());
      const proxy = startProxy(undefined, ['--config', file.path]);
      await proxy.rpc.exchange('initialize', {
        protocolVersion: '2025-11-25',
        capabilities: {},
        clientInfo: { name: 'fuzz', version: '1' },
      });
      const { code } = await proxy.close();
      if (code !== 0 && code !== 2) throw new Error(`exit code ${code}\n${proxy.stderr}`);
      judgeWords(proxy.stderr);
    };
    return {
      feed: (random) => attempt(damaged(CORPUS, random)),
      works: () => attempt(CORPUS[1] as string),
      close: () => file.close(),
    };
  },
};
