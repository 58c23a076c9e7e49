import { createHash } from 'node:crypto';
import '@fastify/multipart';
import type { FastifyRequest } from 'fastify';
import { invalidField, Problem } from '@roost/platform';
import type { UploadedFile, UploadRules } from './upload.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Set by `@Upload`. */
    upload?: boolean;
  }
  interface FastifyRequest {
    upload?: Promise<UploadedFile>;
    /** SHA-256 of the bytes of the file, once it has arrived whole. */
    fileHash?: Buffer;
  }
}

/** The one file of a multipart request, up to its limit; forms differ in what they call it. Read once, for all who ask. */
export function receiveFile(request: FastifyRequest, rules: UploadRules): Promise<UploadedFile> {
  return (request.upload ??= read(request, rules));
}

async function read(request: FastifyRequest, rules: UploadRules): Promise<UploadedFile> {
  if (!request.isMultipart()) throw new Problem('request.unsupported_media_type', 'Send multipart/form-data');
  const file = await request
    .file({ limits: { fileSize: rules.maxBytes, files: 1, fields: 10, parts: 11 } })
    .catch(brokenOff);
  if (!file) throw invalidField(`/${rules.field}`, 'A file is needed');
  const hash = createHash('sha256');
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of file.file as AsyncIterable<Buffer>) {
      hash.update(chunk);
      chunks.push(chunk);
    }
  } catch (error) {
    brokenOff(error);
  }
  if (file.file.truncated) throw new Problem('request.too_large');
  request.fileHash = hash.digest();
  return { fileName: file.filename, mimeType: file.mimetype, bytes: Buffer.concat(chunks) };
}

/** Limits have codes of their own; what else the parser throws is about the body it read. */
function brokenOff(error: unknown): never {
  if (typeof error === 'object' && error !== null && 'code' in error) throw error;
  throw new Problem('request.invalid', 'The multipart body is malformed or breaks off');
}

/** 415 for a form where the route reads JSON. */
export function refuseUnexpectedUpload(request: FastifyRequest): void {
  const type = request.headers['content-type'];
  if (type?.startsWith('multipart/') && request.isMultipart?.() && !request.routeOptions.config.upload)
    throw new Problem('request.unsupported_media_type');
}
