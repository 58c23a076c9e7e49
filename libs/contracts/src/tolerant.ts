import { z } from 'zod';

/**
 * Converts a strict schema of the REST API for use in events: unknown fields, which a newer producer may add, are removed
 * instead of rejected. Checks and defaults stay.
 */
export function tolerant<S extends z.ZodType>(schema: S): S {
  return loosened(schema) as S;
}

function loosened(schema: z.core.$ZodType): z.core.$ZodType {
  if (schema instanceof z.ZodObject) {
    const shape = Object.fromEntries(
      Object.entries(schema.shape as z.ZodRawShape).map(([field, inner]) => [field, loosened(inner)]),
    );
    return schema.clone({ ...schema.def, shape, catchall: undefined });
  }
  if (schema instanceof z.ZodArray) {
    return schema.clone({ ...schema.def, element: loosened(schema.element) });
  }
  if (schema instanceof z.ZodNullable) {
    return schema.clone({ ...schema.def, innerType: loosened(schema.def.innerType) });
  }
  if (schema instanceof z.ZodOptional) {
    return schema.clone({ ...schema.def, innerType: loosened(schema.def.innerType) });
  }
  if (schema instanceof z.ZodDefault) {
    return schema.clone({ ...schema.def, innerType: loosened(schema.def.innerType) });
  }
  return schema;
}
