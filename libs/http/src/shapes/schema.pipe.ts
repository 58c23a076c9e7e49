import type { PipeTransform } from '@nestjs/common';
import { z } from 'zod';
import { type FieldError, Problem } from '@roost/platform';

type Place = 'body' | 'query' | 'path';
type Issue = z.core.$ZodIssue;

const escapePointer = (key: PropertyKey) => String(key).replaceAll('~', '~0').replaceAll('/', '~1');
const MAX_REPORTED = 50;

/** Checks one parameter against its schema, synchronously: nothing at the edge waits. */
export class SchemaPipe implements PipeTransform {
  constructor(
    private readonly schema: z.ZodType,
    private readonly place: Place,
    private readonly name?: string,
  ) {}

  transform(value: unknown): unknown {
    if (this.place === 'query') refuseRepeated(value);
    const result = this.schema.safeParse(value);
    if (result.success) return result.data;
    throw invalid(result.error.issues, this.place, this.name);
  }
}

function refuseRepeated(query: unknown): void {
  for (const [parameter, value] of Object.entries(query as Record<string, unknown>)) {
    if (Array.isArray(value))
      throw new Problem('request.invalid', undefined, {
        errors: [{ parameter, detail: 'May be given only once' }],
      });
  }
}

/** The 400 that lists what a schema found wrong, without echoing what was sent. */
export function invalid(issues: readonly Issue[], place: Place = 'body', name?: string): Problem {
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
