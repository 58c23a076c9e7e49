import type { ContractService } from './error.js';
import type { NounForms } from './names.js';

interface Feature {
  service: ContractService;
  noun: NounForms;
  /** The class of its migration. */
  migration: string;
}

/** Every file of a new feature by its path. Each has one text field; the rest is what every resource of Roost has. */
export function featureFiles(feature: Feature): Map<string, string> {
  const { service, noun, migration } = feature;
  const source = `apps/${service}/src/${noun.kebab}/${noun.kebab}`;
  return new Map([
    [`apps/${service}/migrations/${migration}.ts`, migrationFile(feature)],
    [`${source}.dto.ts`, dtoFile(feature)],
    [`${source}.queries.ts`, queriesFile(feature)],
    [`${source}.service.ts`, serviceFile(feature)],
    [`${source}.controller.ts`, controllerFile(feature)],
    [`${source}.module.ts`, moduleFile(feature)],
    [`apps/${service}/test/${noun.plural}.spec.ts`, specFile(feature)],
  ]);
}

const migrationFile = ({ noun, migration }: Feature) => `
import { Migration } from '@mikro-orm/migrations';

export class ${migration} extends Migration {
  override up(): void {
    this.addSql(\`CREATE TABLE ${noun.snake} (
      id uuid PRIMARY KEY,
      owner_id uuid NOT NULL,
      text text NOT NULL,
      created_at timestamptz NOT NULL)\`);
    this.addSql('CREATE INDEX ${noun.snake}_of_owner ON ${noun.snake} (owner_id, id DESC)');
  }
}
`;

const dtoFile = ({ noun: { pascal, words } }: Feature) => `
import { Instant, Page, PageQuery, Uuid } from '@roost/http';
import { z } from 'zod';

export const Create${pascal} = z
  .strictObject({ text: z.string().trim().min(1).max(1_000).meta({ description: 'The text of the ${words}.' }) })
  .meta({ id: 'Create${pascal}' });
export type Create${pascal} = z.output<typeof Create${pascal}>;

export const List${pascal}s = z.strictObject(PageQuery);
export type List${pascal}s = z.output<typeof List${pascal}s>;

export const ${pascal}Dto = z
  .object({ id: Uuid, text: z.string(), createdAt: Instant })
  .meta({ id: '${pascal}' });
export type ${pascal}Dto = z.output<typeof ${pascal}Dto>;

export const ${pascal}Page = Page(${pascal}Dto);
export type ${pascal}Page = z.output<typeof ${pascal}Page>;
`;

const queriesFile = ({ noun: { pascal, snake } }: Feature) => `
import { type EntityManager, sql } from '@mikro-orm/postgresql';

export interface ${pascal}Row {
  id: string;
  text: string;
  createdAt: Date;
}

const columns = sql\`id, text, created_at AS "createdAt"\`;

export async function insert${pascal}(em: EntityManager, row: ${pascal}Row & { ownerId: string }): Promise<void> {
  await em.execute(sql\`
    INSERT INTO ${snake} (id, owner_id, text, created_at)
    VALUES (\${row.id}, \${row.ownerId}, \${row.text}, \${row.createdAt})\`);
}

/** Null if there is none, or if it belongs to another user. */
export async function find${pascal}(em: EntityManager, id: string, ownerId: string): Promise<${pascal}Row | null> {
  const [row] = await em.execute<${pascal}Row[]>(
    sql\`SELECT \${columns} FROM ${snake} WHERE id = \${id} AND owner_id = \${ownerId}\`,
  );
  return row ?? null;
}

/** The newest first, at most \`limit\`, those before the id \`before\`. */
export async function list${pascal}s(
  em: EntityManager,
  ownerId: string,
  { before, limit }: { before: string | null; limit: number },
): Promise<${pascal}Row[]> {
  return await em.execute<${pascal}Row[]>(sql\`
    SELECT \${columns} FROM ${snake}
    WHERE owner_id = \${ownerId} AND (\${before}::uuid IS NULL OR id < \${before}::uuid)
    ORDER BY id DESC LIMIT \${limit}\`);
}
`;

const serviceFile = ({ noun: { kebab, pascal, camel } }: Feature) => `
import { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import { type AuthUser, decodeCursor, Idempotency, page, Uuid } from '@roost/http';
import { Clock, Problem, uuidv7 } from '@roost/platform';
import { z } from 'zod';
import type { Create${pascal}, List${pascal}s, ${pascal}Dto, ${pascal}Page } from './${kebab}.dto.js';
import { find${pascal}, insert${pascal}, list${pascal}s, type ${pascal}Row } from './${kebab}.queries.js';

const Position = z.strictObject({ id: Uuid });

@Injectable()
export class ${pascal}Service {
  constructor(
    private readonly em: EntityManager,
    private readonly idempotency: Idempotency,
    private readonly clock: Clock,
  ) {}

  create(user: AuthUser, { text }: Create${pascal}): Promise<${pascal}Dto> {
    return this.idempotency.runOnce(async (em) => {
      const row = { id: uuidv7(), text, createdAt: this.clock.now() };
      await insert${pascal}(em, { ...row, ownerId: user.id });
      return toDto(row);
    });
  }

  /** Throws 404 for a ${camel} of another user. */
  async read(user: AuthUser, id: string): Promise<${pascal}Dto> {
    const row = await find${pascal}(this.em, id, user.id);
    if (!row) throw new Problem('route.not_found');
    return toDto(row);
  }

  async list(user: AuthUser, { limit, cursor }: List${pascal}s): Promise<${pascal}Page> {
    const before = decodeCursor(cursor, Position)?.id ?? null;
    const rows = await list${pascal}s(this.em, user.id, { before, limit: limit + 1 });
    const { data, nextCursor } = page(rows, limit, ({ id }) => ({ id }));
    return { data: data.map(toDto), nextCursor };
  }
}

const toDto = ({ id, text, createdAt }: ${pascal}Row): ${pascal}Dto => ({
  id,
  text,
  createdAt: createdAt.toISOString(),
});
`;

const controllerFile = ({ noun: { kebab, pascal, camel, plural } }: Feature) => `
import { Controller, Get, Post } from '@nestjs/common';
import { RespondsWith, type AuthUser, Body, CurrentUser, Param, QueryParams, Uuid, VerifiedEmail } from '@roost/http';
import { Create${pascal}, List${pascal}s, ${pascal}Dto, ${pascal}Page } from './${kebab}.dto.js';
import { ${pascal}Service } from './${kebab}.service.js';

@Controller('v1/${plural}')
export class ${pascal}Controller {
  constructor(private readonly ${camel}s: ${pascal}Service) {}

  @Post()
  @VerifiedEmail()
  @RespondsWith(201, ${pascal}Dto)
  create(@CurrentUser() user: AuthUser, @Body(Create${pascal}) body: Create${pascal}): Promise<${pascal}Dto> {
    return this.${camel}s.create(user, body);
  }

  @Get()
  @RespondsWith(200, ${pascal}Page)
  list(@CurrentUser() user: AuthUser, @QueryParams(List${pascal}s) query: List${pascal}s): Promise<${pascal}Page> {
    return this.${camel}s.list(user, query);
  }

  @Get(':id')
  @RespondsWith(200, ${pascal}Dto, 'route.not_found')
  read(@CurrentUser() user: AuthUser, @Param('id', Uuid) id: string): Promise<${pascal}Dto> {
    return this.${camel}s.read(user, id);
  }
}
`;

const moduleFile = ({ noun: { kebab, pascal } }: Feature) => `
import { Module } from '@nestjs/common';
import { ${pascal}Controller } from './${kebab}.controller.js';
import { ${pascal}Service } from './${kebab}.service.js';

@Module({ controllers: [${pascal}Controller], providers: [${pascal}Service] })
export class ${pascal}Module {}
`;

const specFile = ({ service, noun: { words, plural, pascal } }: Feature) => `
import { testUser, expectProblem, startTestService, type TestService } from '@roost/testing';
import { ${service} } from '../src/service.js';

let service: TestService;
beforeAll(async () => {
  service = await startTestService(${service});
});
afterAll(() => service?.close());

interface ${pascal}Body {
  id: string;
  text: string;
}

const user = testUser({ emailVerified: true });
const create = (text: unknown) => service.as(user).post<${pascal}Body>('/v1/${plural}', { text });

describe('201 and 200', () => {
  test('creates, reads and lists a ${words}', async () => {
    const { status, body } = await create('The first one');
    expect(status).toBe(201);
    const read = await service.as(user).get<${pascal}Body>(\`/v1/${plural}/\${body.id}\`);
    expect(read.body).toEqual(body);
    const list = await service.as(user).get<{ data: ${pascal}Body[] }>('/v1/${plural}?limit=1');
    expect(list.body.data).toEqual([body]);
  });
});

describe('400', () => {
  test.each([
    ['no text', undefined],
    ['an empty text', ' '],
    ['a text of 1,001 characters', 'x'.repeat(1_001)],
  ])('rejects %s', async (_what, text) => {
    expectProblem(await create(text), 400, 'request.invalid', '/text');
  });
});

describe('401 and 404', () => {
  test('rejects a request without a token', async () => {
    expectProblem(await service.anonymous.get('/v1/${plural}'), 401, 'auth.missing_token');
  });

  test('hides a ${words} from other users', async () => {
    const { body } = await create('Private');
    const other = testUser({ emailVerified: true });
    expectProblem(await service.as(other).get(\`/v1/${plural}/\${body.id}\`), 404, 'route.not_found');
  });
});
`;
