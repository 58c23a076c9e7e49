import { z } from 'zod';
import { type ErrorCode, type FieldError, Problem } from '@roost/platform';
import { Uuid } from '../shapes/common.js';
import { invalidRequest } from '../shapes/schema-pipe.js';

export const MAX_IMPORT_ROWS = 200;

/** The id of a row in its source. Together with the source it determines the id in Roost, so a repeated import updates. */
export const ExternalId = z
  .string()
  .regex(/^[\x21-\x7e]{1,100}$/, { error: 'Must have 1 to 100 characters, none of them a space' });

/**
 * A batch of rows to import. An invalid row is rejected by itself and does not block the others, so the batch accepts
 * any value as a row: validate each with `readRow`.
 */
export const ImportBatch = <S extends z.ZodType>(row: S) =>
  z.strictObject({
    source: z
      .string()
      .regex(/^[a-z0-9][a-z0-9-]{0,39}$/, { error: 'Must be lower-case letters, digits and -, at most 40' })
      .meta({ description: 'The source of the rows, such as `inside-airbnb`.' }),
    rows: z
      .array(z.union([row, z.unknown()]))
      .min(1, { error: 'Must have at least 1 row' })
      .max(MAX_IMPORT_ROWS, { error: `Must have at most ${MAX_IMPORT_ROWS} rows` }),
  });

export const ImportResult = z
  .object({
    externalId: z.string().nullable(),
    id: Uuid.nullable().meta({ description: 'The id of the imported object. Null if the row was rejected.' }),
    outcome: z.enum(['created', 'updated', 'unchanged', 'refused']),
    code: z
      .string()
      .nullable()
      .meta({ description: 'The reason for the rejection, or the code of what is still missing.' }),
    pointer: z.string().nullable().meta({ description: 'A JSON pointer into the row.' }),
    detail: z.string().nullable().meta({
      description: 'Why the row was rejected, or what was changed: a truncated text, masked contact data.',
    }),
  })
  .meta({ id: 'ImportResult' });
export type ImportResult = z.output<typeof ImportResult>;

export const ImportResults = z
  .object({
    results: z.array(ImportResult).meta({ description: 'One result per row, in the order of the rows.' }),
  })
  .meta({ id: 'ImportResults' });
export type ImportResults = z.output<typeof ImportResults>;

/** The result of a row that was imported. */
export function importedRow(
  externalId: string,
  id: string,
  outcome: 'created' | 'updated' | 'unchanged',
): ImportResult {
  return { externalId, id, outcome, code: null, pointer: null, detail: null };
}

/** The result of a row that a problem rejects. */
export function rejectedRow(externalId: string | null, problem: Problem): ImportResult {
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

/** A problem for one field of a row. */
export function invalidRowField(code: ErrorCode, pointer: string, detail: string): Problem {
  return new Problem(code, detail, { errors: [{ pointer, detail }] satisfies FieldError[] });
}

/** Validates a row: its value, or the result that rejects it. */
export function parseRow<S extends z.ZodType>(
  schema: S,
  row: unknown,
): { value: z.output<S>; rejected?: undefined } | { value?: undefined; rejected: ImportResult } {
  const result = schema.safeParse(row);
  if (result.success) return { value: result.data };
  return { rejected: rejectedRow(externalIdOf(row), invalidRequest(result.error.issues)) };
}

function externalIdOf(row: unknown): string | null {
  const externalId: unknown = typeof row === 'object' && row !== null ? Reflect.get(row, 'externalId') : null;
  return typeof externalId === 'string' ? externalId.slice(0, 100) : null;
}
