import { createHash } from 'node:crypto';
import type { MultipartFile } from '@fastify/multipart';
import type { FastifyRequest } from 'fastify';
import { invalidField, Problem } from '@roost/platform';
import { endOfClient } from '../requests/request-end.js';
import type { UploadedFile, UploadRules } from './upload-rules.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Set by `@Upload`. */
    upload?: boolean;
  }
  interface FastifyRequest {
    upload?: Promise<UploadedFile>;
    /** SHA-256 of the file, set when it has arrived completely. */
    fileHash?: Buffer;
  }
}

/** The one file of a multipart request. The body is read once; later calls return the same file. */
export function receiveFile(request: FastifyRequest, rules: UploadRules): Promise<UploadedFile> {
  return (request.upload ??= read(request, rules));
}

async function read(request: FastifyRequest, rules: UploadRules): Promise<UploadedFile> {
  if (!request.isMultipart()) throw new Problem('request.unsupported_media_type', 'Send multipart/form-data');
  const limits = { fileSize: rules.maxBytes, files: 2, fields: 10, parts: 11 };
  let file: UploadedFile | undefined;
  try {
    for await (const part of request.parts({ limits })) {
      if (part.type === 'field') continue;
      if (file) throw invalidField(`/${rules.field}`, 'Only one file is allowed');
      const bytes = await readPart(part.file);
      file = { fileName: part.filename, mimeType: part.mimetype, bytes, end: endOfClient(request) };
    }
  } catch (error) {
    rejectMalformed(error);
  }
  if (!file) throw invalidField(`/${rules.field}`, 'A file is required');
  request.fileHash = createHash('sha256').update(file.bytes).digest();
  return file;
}

async function readPart(stream: MultipartFile['file']): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream as AsyncIterable<Buffer>) chunks.push(chunk);
  if (stream.truncated) throw new Problem('request.too_large');
  return Buffer.concat(chunks);
}

/** Rethrows errors with a code (exceeded limits). All other errors of the parser mean a malformed body. */
function rejectMalformed(error: unknown): never {
  if (typeof error === 'object' && error !== null && 'code' in error) throw error;
  throw new Problem('request.invalid', 'The multipart body is malformed or incomplete');
}

/** Throws 415 for a form if the route accepts JSON only. */
export function rejectUnexpectedUpload(request: FastifyRequest): void {
  const type = request.headers['content-type'];
  if (type?.startsWith('multipart/') && request.isMultipart?.() && !request.routeOptions.config.upload)
    throw new Problem('request.unsupported_media_type');
}
