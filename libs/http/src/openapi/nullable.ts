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
      if (schema.nullable === true) {
        const type = typeOf(schema, schemas);
        if (type !== undefined) schema.type = type;
        allowNull(schema, schemas);
      }
    }
    for (const part of Object.values(value)) visit(part);
  };
  visit(document.paths);
  visit(schemas);
}

/** Writes out the values of a referenced enum, with null: `nullable` does not add it to an enum. */
function allowNull(schema: JsonObject, schemas: Record<string, JsonObject>): void {
  const values = enumOf(schema, schemas);
  if (!values || values.includes(null)) return;
  if (schema.enum === undefined) delete schema.allOf;
  schema.enum = [...values, null];
}

/** The values of a schema, or of the one that it references by an `allOf` of one. */
function enumOf({ enum: values, allOf }: JsonObject, schemas: Record<string, JsonObject>): unknown[] | null {
  if (Array.isArray(values)) return values;
  if (!Array.isArray(allOf) || allOf.length !== 1) return null;
  const { $ref } = allOf[0] as JsonObject;
  const target = typeof $ref === 'string' ? named($ref, schemas)?.enum : null;
  return Array.isArray(target) ? target : null;
}

const named = (ref: string, schemas: Record<string, JsonObject>): JsonObject | undefined =>
  schemas[ref.slice(ref.lastIndexOf('/') + 1)];

/** The type of a schema, of the schema that it references, or of its first alternative. */
function typeOf(schema: JsonObject, schemas: Record<string, JsonObject>): unknown {
  if (schema.type !== undefined) return schema.type;
  if (typeof schema.$ref === 'string') {
    const target = named(schema.$ref, schemas);
    return target && typeOf(target, schemas);
  }
  for (const parts of [schema.allOf, schema.anyOf, schema.oneOf])
    if (Array.isArray(parts) && parts.length > 0) return typeOf(parts[0] as JsonObject, schemas);
  return undefined;
}
