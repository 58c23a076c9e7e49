import { randomBytes } from 'node:crypto';
import { type IncomingMessage, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { type ErrorCode, Problem } from '@roost/platform';
import type { Logger } from 'pino';

const BY_PARSER_CODE: Readonly<Record<string, ErrorCode>> = {
  HPE_HEADER_OVERFLOW: 'request.headers_too_large',
  ERR_HTTP_REQUEST_TIMEOUT: 'request.timeout',
};

/**
 * Responds to bytes that Node can't parse as HTTP. They never reach a route, so the problem has the root as its instance
 * and a trace of its own.
 */
export function rejectMalformedHttp(publicUrl: string, logger: Logger) {
  return (error: Error & { code?: string }, socket: Socket & { _httpMessage?: IncomingMessage }): void => {
    if (error.code === 'ECONNRESET' || !socket.writable) {
      socket.destroy();
      return;
    }
    const problem = new Problem(BY_PARSER_CODE[error.code ?? ''] ?? 'request.invalid');
    const traceId = randomBytes(16).toString('hex');
    logger.info({ traceId, code: problem.code, reason: error.code }, 'request not parsed');
    const body = JSON.stringify(problem.toBody({ publicUrl, instance: '/', traceId }));
    socket.end(
      [
        `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}`,
        'Content-Type: application/problem+json',
        `Content-Length: ${Buffer.byteLength(body)}`,
        'Cache-Control: no-store',
        'Connection: close',
        '',
        body,
      ].join('\r\n'),
    );
  };
}
