import { startTestService, type TestService } from '@roost/testing';
import { notes } from '../../service/test/notes/src/service.js';

let service: TestService;

beforeAll(async () => {
  service = await startTestService(notes);
});
afterAll(() => service?.close());

describe('the OpenAPI document', () => {
  interface Document {
    paths: Record<string, Record<string, Operation>>;
    components: { schemas: Record<string, { properties: Record<string, object>; required?: string[] }> };
  }
  interface Operation {
    security: object[];
    parameters?: { name: string; in: string; required: boolean; schema: object }[];
    requestBody?: { content: Record<string, { schema: { $ref: string } }> };
    responses: Record<
      string,
      { description: string; content?: Record<string, { schema: { $ref?: string } }> }
    >;
  }
  interface ProblemSchema {
    allOf?: [unknown, { properties: { code: { enum: string[] } } }];
  }
  let document: Document;
  beforeAll(async () => {
    document = (await service.anonymous.get<Document>('/openapi.json')).body;
  });

  test('lists the path templates and their access rules', () => {
    expect(Object.keys(document.paths).sort()).toEqual([
      '/v1/notes',
      '/v1/notes/attachments',
      '/v1/notes/bulk',
      '/v1/notes/count',
      '/v1/notes/hello',
      '/v1/notes/{id}',
    ]);
    expect(document.paths['/v1/notes/count']?.get?.security).toEqual([]);
    expect(document.paths['/v1/notes/hello']?.get?.security).toEqual([{}, { accessToken: [] }]);
    expect(document.paths['/v1/notes']?.get?.security).toEqual([{ accessToken: [] }]);
  });

  test('has one schema per shape, or two if request and response differ', () => {
    const create = document.paths['/v1/notes']?.post;
    expect(create?.requestBody?.content['application/json']?.schema.$ref).toBe(
      '#/components/schemas/WriteNoteInput',
    );
    expect(create?.responses[201]?.content?.['application/json']?.schema.$ref).toBe(
      '#/components/schemas/Note',
    );
    expect(document.components.schemas.WriteNoteInput?.required).toEqual(['text']);
    expect(document.components.schemas.Note?.required).toEqual([
      'id',
      'text',
      'tags',
      'version',
      'createdAt',
    ]);
    expect(document.components.schemas.Note?.properties.id).toEqual({ type: 'string', format: 'uuid' });
  });

  test('lists the parameters of the path and the query', () => {
    expect(document.paths['/v1/notes/{id}']?.get?.parameters).toEqual([
      expect.objectContaining({
        name: 'id',
        in: 'path',
        required: true,
        schema: { type: 'string', format: 'uuid' },
      }),
    ]);
    const query = document.paths['/v1/notes']?.get?.parameters ?? [];
    expect(query.map(({ name, required }) => `${name}:${required}`).sort()).toEqual([
      'cursor:false',
      'limit:false',
      'tag:false',
    ]);
  });

  test('lists the problems by status, including the common ones', () => {
    const { responses } = document.paths['/v1/notes/{id}']?.patch as Operation;
    expect(Object.keys(responses)).toEqual(
      expect.arrayContaining(['200', '400', '401', '404', '412', '413', '415', '503']),
    );
    expect(responses[412]?.description).toContain('`request.precondition_failed`');
    const { parameters } = document.paths['/v1/notes']?.post as Operation;
    expect(parameters?.map(({ name }) => name)).toContain('Idempotency-Key');
  });

  test('lists what the server, the gateway and the access rules can respond', () => {
    const codesOf = (path: string, method: string) =>
      Object.values((document.paths[path]?.[method] as Operation).responses).flatMap(
        ({ content }) =>
          (content?.['application/problem+json']?.schema as ProblemSchema | undefined)?.allOf?.[1].properties
            .code.enum ?? [],
      );
    for (const [path, item] of Object.entries(document.paths))
      for (const method of Object.keys(item))
        expect(codesOf(path, method)).toEqual(
          expect.arrayContaining([
            'internal',
            'rate.limited',
            'request.headers_too_large',
            'request.invalid',
            'request.timeout',
            'request.too_large',
            'route.method_not_allowed',
            'service.unavailable',
            ...(path.includes('{') ? ['request.uri_too_long', 'route.not_found'] : []),
            ...(method === 'get' ? [] : ['request.unsupported_media_type']),
          ]),
        );
    expect(codesOf('/v1/notes', 'delete')).toEqual(
      expect.arrayContaining(['auth.forbidden', 'auth.step_up_required']),
    );
    expect(codesOf('/v1/notes/{id}', 'get')).not.toContain('auth.forbidden');
    expect(JSON.stringify(document)).not.toContain('x-roost');
  });

  test('describes the number of a query parameter, with its bounds', () => {
    const limit = document.paths['/v1/notes']?.get?.parameters?.find(({ name }) => name === 'limit');
    expect(limit?.schema).toEqual({ type: 'integer', minimum: 1, maximum: 100, default: 20 });
  });

  test('contains every schema that it references', () => {
    const defined = new Set(Object.keys(document.components.schemas));
    const text = JSON.stringify(document);
    expect(text).not.toMatch(/"#\/(?!components\/schemas)/);
    for (const [, name] of text.matchAll(/"#\/components\/schemas\/([^"]+)"/g))
      expect(defined).toContain(name);
  });
});
