import '@fastify/multipart';
import type { FastifyRequest } from 'fastify';
import { invalidField, Problem } from '../errors/problem.js';
import type { UploadedFile, UploadRules } from './upload.js';

/** The one file of a multipart request, up to its limit. */
export async function receiveFile(request: FastifyRequest, rules: UploadRules): Promise<UploadedFile> {
  if (!request.isMultipart()) throw new Problem('request.unsupported_media_type', 'Send multipart/form-data');
  const file = await request.file({ limits: { fileSize: rules.maxBytes, files: 1, fields: 10, parts: 11 } });
  if (!file || file.fieldname !== rules.field) {
    file?.file.resume();
    throw invalidField(`/${rules.field}`, 'A file is needed');
  }
  const bytes = await file.toBuffer();
  return { fileName: file.filename, mimeType: file.mimetype, bytes };
}
