import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import type { OpenAPIObject } from '@nestjs/swagger';
import { complete, type DocumentedOperation } from './conventions.js';
import { typeNullables } from './nullable.js';
import { zodToOpenApi } from './schemas.js';

const METHODS = ['get', 'put', 'post', 'delete', 'patch', 'head', 'options'] as const;

const PROBLEM = {
  type: 'object',
  required: ['type', 'title', 'status', 'detail', 'instance', 'code', 'traceId'],
  properties: {
    type: { type: 'string', format: 'uri' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
    instance: { type: 'string' },
    code: { type: 'string' },
    traceId: { type: 'string' },
    errors: {
      type: 'array',
      items: {
        type: 'object',
        required: ['detail'],
        properties: {
          pointer: { type: 'string', description: 'A JSON pointer into the body.' },
          parameter: { type: 'string', description: 'The name of a path or query parameter.' },
          header: { type: 'string' },
          detail: { type: 'string' },
        },
      },
    },
  },
} as const;

/** The OpenAPI document of one service, generated from its controllers and their schemas. */
export function createDocument(
  app: INestApplication,
  definition: { name: string; description: string },
): OpenAPIObject {
  const config = new DocumentBuilder()
    .setTitle(`Roost ${definition.name}`)
    .setDescription(definition.description)
    .setVersion('1')
    .addBearerAuth({ type: 'http', scheme: 'bearer', bearerFormat: 'JWT' }, 'accessToken')
    .build();
  const document = SwaggerModule.createDocument(app, config, { standardSchemaConverter: zodToOpenApi });
  document.components ??= {};
  document.components.schemas = { ...document.components.schemas, Problem: PROBLEM as never };
  for (const [path, item] of Object.entries(document.paths)) {
    for (const method of METHODS) {
      const operation = (item as Record<string, unknown>)[method] as DocumentedOperation | undefined;
      if (operation) complete(operation, method, path);
    }
  }
  typeNullables(document);
  return document;
}
