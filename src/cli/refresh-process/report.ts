/** How the process that refreshes tokens is told what to do, and what it reports when it fails. */
import type { ErrorCode, ErrorData, ProxyError } from '../../errors.ts';

/** The serial of the credentials to refresh. If it is set, the program does that and nothing else. */
export const REFRESH_SERIAL = 'MCP_PROXY_RENEW_SERIAL';

/** The name of the server whose credentials these are. */
export const REFRESH_SERVER = 'MCP_PROXY_RENEW_SERVER';

export interface Report {
  readonly code: ErrorCode;
  readonly message: string;
  readonly data: ErrorData;
}

export function reportOf(error: ProxyError): string {
  const report: Report = { code: error.code, message: error.message, data: error.data };
  return JSON.stringify(report);
}
