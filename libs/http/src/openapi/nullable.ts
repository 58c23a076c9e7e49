import type { OpenAPIObject } from '@nestjs/swagger';

type JsonObject = Record<string, unknown>;

/**
 * Adds the type beside each `nullable` that has none: OpenAPI 3.0.3 ignores `nullable` without a `type` in the same
 * schema, and zod writes none beside a reference.
 */
export function typeNullables(document: OpenAPIObject): void {
  const schemas = (document.components?.schemas ?? {}) as Record<string, JsonObject>;
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    if (!Array.isArray(value)) {
      const schema = value as JsonObject;
      if (schema.nullable === true && schema.type === undefined) {
        const type = typeOf(schema, schemas);
        if (type !== undefined) schema.type = type;
      }
    }
    for (const part of Object.values(value)) visit(part);
  };
  visit(document.paths);
  visit(schemas);
}

/** The type of a schema, of the schema that it references, or of its first alternative. */
function typeOf(schema: JsonObject, schemas: Record<string, JsonObject>): unknown {
  if (schema.type !== undefined) return schema.type;
  if (typeof schema.$ref === 'string') {
    const named = schemas[schema.$ref.slice(schema.$ref.lastIndexOf('/') + 1)];
    return named && typeOf(named, schemas);
  }
  for (const parts of [schema.allOf, schema.anyOf, schema.oneOf])
    if (Array.isArray(parts) && parts.length > 0) return typeOf(parts[0] as JsonObject, schemas);
  return undefined;
}
