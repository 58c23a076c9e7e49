import type { PipeTransform } from '@nestjs/common';
import { z } from 'zod';
import { invalidRequest } from '@roost/http';

/** Validates an argument with its schema. Pointers of `input` errors start in it, like those of a body. */
export class ArgumentPipe implements PipeTransform {
  constructor(
    private readonly schema: z.ZodType,
    private readonly name: string,
  ) {}

  transform(value: unknown): unknown {
    return checkArgument(this.schema, this.name, value);
  }
}

/** Validates all arguments of a field, each with its schema. */
export class ArgumentsPipe implements PipeTransform {
  constructor(private readonly schemas: Readonly<Record<string, z.ZodType>>) {}

  transform(values: Readonly<Record<string, unknown>>): Record<string, unknown> {
    const entries = Object.entries(this.schemas);
    return Object.fromEntries(
      entries.map(([name, schema]) => [name, checkArgument(schema, name, values[name])]),
    );
  }
}

/** The validated value of an argument. Throws 400 `request.invalid`. */
export function checkArgument(schema: z.ZodType, name: string, value: unknown): unknown {
  const result = schema.safeParse(withoutNulls(schema, value));
  if (result.success) return result.data;
  const { issues } = result.error;
  throw issues.every((issue) => issue.path.length === 0 && issue.code !== 'unrecognized_keys') &&
    name !== 'input'
    ? invalidRequest(issues, 'query', name)
    : invalidRequest(
        name === 'input' ? issues : issues.map((issue) => ({ ...issue, path: [name, ...issue.path] })),
        'body',
      );
}

/**
 * Removes `null` from optional fields: GraphQL clients send it for an omitted value. It stays where the schema accepts
 * null.
 */
export function withoutNulls(schema: z.core.$ZodType, value: unknown): unknown {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  switch (def.type) {
    case 'optional':
    case 'default':
    case 'prefault':
      return value === null && !acceptsNull(def.innerType) ? undefined : withoutNulls(def.innerType, value);
    case 'nullable':
      return value === null ? null : withoutNulls(def.innerType, value);
    case 'readonly':
    case 'nonoptional':
      return withoutNulls(def.innerType, value);
    case 'pipe':
      return withoutNulls(def.in, value);
    case 'array':
      return Array.isArray(value) ? value.map((item) => withoutNulls(def.element, item)) : value;
    case 'object':
      return typeof value === 'object' && value !== null ? fieldsWithoutNulls(def.shape, value) : value;
    default:
      return value;
  }
}

function fieldsWithoutNulls(shape: Readonly<Record<string, z.core.$ZodType>>, value: object): object {
  const fields = Object.entries(value).map(([key, field]): [string, unknown] => {
    const schema = shape[key];
    return [key, schema ? withoutNulls(schema, field) : field];
  });
  return Object.fromEntries(fields.filter(([, field]) => field !== undefined));
}

const acceptsNull = (schema: z.core.$ZodType): boolean => z.safeParse(schema, null).success;
