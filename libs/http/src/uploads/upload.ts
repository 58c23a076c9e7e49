import { applyDecorators, createParamDecorator, type ExecutionContext, SetMetadata } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { ApiBody, ApiConsumes } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { receiveFile } from './multipart.js';
import { UPLOAD, type UploadedFile, type UploadRules, uploadRules } from './upload-rules.js';

/** The route accepts `multipart/form-data` with one file. */
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
