import type { PipeTransform } from '@nestjs/common';
import { z } from 'zod';
import { type FieldError, Problem } from '@roost/platform';

type Place = 'body' | 'query' | 'path';
type Issue = z.core.$ZodIssue;

const escapePointer = (key: PropertyKey) => String(key).replaceAll('~', '~0').replaceAll('/', '~1');
const MAX_REPORTED = 50;

/** Validates one parameter with its schema, synchronously. Throws 400 `request.invalid`. */
export class SchemaPipe implements PipeTransform {
  constructor(
    private readonly schema: z.ZodType,
    private readonly place: Place,
    private readonly name?: string,
  ) {}

  transform(value: unknown): unknown {
    if (this.place === 'query') rejectRepeated(value);
    const result = this.schema.safeParse(value);
    if (result.success) return result.data;
    throw invalidRequest(result.error.issues, this.place, this.name);
  }
}

function rejectRepeated(query: unknown): void {
  for (const [parameter, value] of Object.entries(query as Record<string, unknown>)) {
    if (Array.isArray(value))
      throw new Problem('request.invalid', undefined, {
        errors: [{ parameter, detail: 'Must not be repeated' }],
      });
  }
}

/** 400 `request.invalid` with the issues of a schema. It does not contain the input. */
export function invalidRequest(issues: readonly Issue[], place: Place = 'body', name?: string): Problem {
  const errors: FieldError[] = [];
  for (const issue of issues) {
    const paths =
      issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...issue.path, key]) : [issue.path];
    for (const path of paths) {
      if (errors.length >= MAX_REPORTED) break;
      const detail = issue.code === 'unrecognized_keys' ? unknownText(place) : issue.message;
      if (place === 'body')
        errors.push({ pointer: path.map((key) => `/${escapePointer(key)}`).join(''), detail });
      else errors.push({ parameter: name ?? path.map(String).join('.'), detail });
    }
  }
  return new Problem('request.invalid', undefined, { errors });
}

const unknownText = (place: Place) => (place === 'query' ? 'Unknown parameter' : 'Unknown field');
