// Right messages, of clients and of servers, from which damaged ones are made.
import { MODERN } from '../../peers/rpc.ts';

const META = `"_meta":{"io.modelcontextprotocol/protocolVersion":"${MODERN}","io.modelcontextprotocol/clientInfo":{"name":"fuzz","version":"1"},"io.modelcontextprotocol/clientCapabilities":{"elicitation":{}}}`;

export const CLIENT_MESSAGES = [
  '{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"echo","arguments":{"text":"é"},"_meta":{"progressToken":7}}}',
  '{"jsonrpc":"2.0","id":"a","method":"tools/list","params":{"cursor":"2"}}',
  '{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":7,"reason":"no"}}',
  '{"jsonrpc":"2.0","id":8,"result":{"action":"accept","content":{"a":1}}}',
  '{"jsonrpc":"2.0","id":8,"error":{"code":-1,"message":"no"}}',
  '[{"jsonrpc":"2.0","id":9,"method":"ping"},{"jsonrpc":"2.0","method":"notifications/initialized"}]',
  '{"jsonrpc":"2.0","id":10,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"fuzz","version":"1"}}}',
  `{"jsonrpc":"2.0","id":11,"method":"tools/call","params":{"name":"echo","arguments":{},${META}}}`,
  `{"jsonrpc":"2.0","id":12,"method":"server/discover","params":{${META}}}`,
  `{"jsonrpc":"2.0","id":13,"method":"subscriptions/listen","params":{"notifications":{"toolsListChanged":true,"resourceSubscriptions":["a://b"]},${META}}}`,
];

/** With ID for the id of the call. */
export const SERVER_MESSAGES = [
  '{"jsonrpc":"2.0","id":ID,"result":{"resultType":"complete","content":[{"type":"text","text":"é"}],"structuredContent":{"n":12345678901234567890}}}',
  '{"jsonrpc":"2.0","id":ID,"error":{"code":-32602,"message":"no","data":{"a":[1]}}}',
  '{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":ID,"progress":0.5,"total":1}}',
  '{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":"x"}}',
  '{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}',
  '{"jsonrpc":"2.0","id":"q","method":"elicitation/create","params":{"message":"m","requestedSchema":{"type":"object","properties":{}}}}',
  '{"jsonrpc":"2.0","id":ID,"result":{"resultType":"input_required","requestState":"s","inputRequests":{"q":{"method":"roots/list"}}}}',
  '[{"jsonrpc":"2.0","id":ID,"result":{"content":[]}},{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"no"}}]',
];
