import { applyDecorators, createParamDecorator, type ExecutionContext, SetMetadata } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { ApiBody, ApiConsumes } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { receiveFile } from './multipart.js';

export interface UploadRules {
  /** What the document calls the form field; a file under any other name is taken as well. */
  field: string;
  maxBytes: number;
}

export interface UploadedFile {
  fileName: string;
  /** What the client says it is: look at the bytes. */
  mimeType: string;
  bytes: Buffer;
}

const UPLOAD = 'roost:upload';

/** The route takes `multipart/form-data` with one file. */
export const Upload = (rules: UploadRules) =>
  applyDecorators(
    SetMetadata(UPLOAD, rules),
    RouteConfig({ upload: true }),
    ApiConsumes('multipart/form-data'),
    ApiBody({
      schema: {
        type: 'object',
        required: [rules.field],
        properties: { [rules.field]: { type: 'string', format: 'binary' } },
      },
    }),
  );

/** The file of an `@Upload` route: `@FilePart() photo: UploadedFile`. */
export const FilePart = createParamDecorator(
  (_: unknown, context: ExecutionContext): Promise<UploadedFile> => {
    const rules = uploadRules(context.getHandler());
    if (!rules) throw new Error(`${context.getHandler().name} has a @FilePart and no @Upload`);
    return receiveFile(context.switchToHttp().getRequest<FastifyRequest>(), rules);
  },
);

/** What an `@Upload` route takes; undefined for all others. */
export function uploadRules(handler: object): UploadRules | undefined {
  return Reflect.getMetadata(UPLOAD, handler) as UploadRules | undefined;
}
