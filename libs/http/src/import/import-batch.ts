import { z } from 'zod';
import { type ErrorCode, type FieldError, Problem } from '@roost/platform';
import { Uuid } from '../shapes/pieces.js';
import { invalid } from '../shapes/schema.pipe.js';

export const MAX_IMPORT_ROWS = 200;

/** What its source calls a row: with the name of the source it makes the id, so the same row is found again. */
export const ExternalId = z
  .string()
  .regex(/^[\x21-\x7e]{1,100}$/, { error: 'Must have 1 to 100 characters, none of them a space' });

/**
 * Rows from elsewhere. A row that breaks a rule is refused in its place and stops no other, so the batch itself takes
 * anything for a row: `readRow` has the say.
 */
export const ImportBatch = <S extends z.ZodType>(row: S) =>
  z.strictObject({
    source: z
      .string()
      .regex(/^[a-z0-9][a-z0-9-]{0,39}$/, { error: 'Must be lower-case letters, digits and -, at most 40' })
      .meta({ description: 'Where the rows come from, such as inside-airbnb' }),
    rows: z
      .array(z.union([row, z.unknown()]))
      .min(1, { error: 'Must have at least 1 row' })
      .max(MAX_IMPORT_ROWS, { error: `Must have at most ${MAX_IMPORT_ROWS} rows` }),
  });

export const ImportResult = z
  .object({
    externalId: z.string().nullable(),
    id: Uuid.nullable().meta({ description: 'What it is here' }),
    outcome: z.enum(['created', 'updated', 'unchanged', 'refused']),
    code: z.string().nullable().meta({ description: 'Why it was refused, or what it still lacks' }),
    pointer: z.string().nullable().meta({ description: 'Into the row' }),
    detail: z.string().nullable(),
  })
  .meta({ id: 'ImportResult' });
export type ImportResult = z.output<typeof ImportResult>;

export const ImportResults = z
  .object({ results: z.array(ImportResult).meta({ description: 'One for each row, in their order' }) })
  .meta({ id: 'ImportResults' });
export type ImportResults = z.output<typeof ImportResults>;

export function importedRow(
  externalId: string,
  id: string,
  outcome: 'created' | 'updated' | 'unchanged',
): ImportResult {
  return { externalId, id, outcome, code: null, pointer: null, detail: null };
}

/** A problem, told of one row instead of the whole request. */
export function refusedRow(externalId: string | null, problem: Problem): ImportResult {
  const [first] = (problem.extra.errors ?? []) as FieldError[];
  return {
    externalId,
    id: null,
    outcome: 'refused',
    code: problem.code,
    pointer: first?.pointer ?? null,
    detail: first?.detail ?? problem.message,
  };
}

/** Refuses one field of a row. */
export function wrongField(code: ErrorCode, pointer: string, detail: string): Problem {
  return new Problem(code, detail, { errors: [{ pointer, detail }] satisfies FieldError[] });
}

/** The row, or its refusal. */
export function readRow<S extends z.ZodType>(
  schema: S,
  row: unknown,
): { value: z.output<S>; refused?: undefined } | { value?: undefined; refused: ImportResult } {
  const result = schema.safeParse(row);
  if (result.success) return { value: result.data };
  return { refused: refusedRow(nameOf(row), invalid(result.error.issues)) };
}

function nameOf(row: unknown): string | null {
  const name: unknown = typeof row === 'object' && row !== null ? Reflect.get(row, 'externalId') : null;
  return typeof name === 'string' ? name.slice(0, 100) : null;
}
