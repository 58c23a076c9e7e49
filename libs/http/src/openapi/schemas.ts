import type { StandardSchemaConverter } from '@nestjs/swagger';
import { z } from 'zod';
import { portablePattern } from './patterns.js';

type JsonObject = Record<string, unknown>;

const isZod = (schema: unknown): schema is z.core.$ZodType =>
  typeof schema === 'object' && schema !== null && '_zod' in schema;

const INT32 = 2 ** 31;

/** The JSON Schema of a zod schema, and the schemas that it references by `.meta({ id })`. */
function convert(
  schema: z.core.$ZodType,
  io: 'input' | 'output',
): { root: JsonObject; defs: Record<string, JsonObject> } {
  const converted = z.toJSONSchema(schema, {
    io,
    target: 'openapi-3.0',
    unrepresentable: 'any',
    override: ({ jsonSchema }) => tidy(jsonSchema as JsonObject, io),
  }) as JsonObject & { $defs?: Record<string, JsonObject>; definitions?: Record<string, JsonObject> };
  const { $defs, definitions, ...root } = converted;
  delete root.$schema;
  return { root, defs: definitions ?? $defs ?? {} };
}

/** Removes noise: the pattern of a format, the limits of the number type, and internal metadata. */
function tidy(schema: JsonObject, io: 'input' | 'output'): void {
  delete schema.directives;
  delete schema.notInProduction;
  delete schema.production;
  delete schema.requires;
  if (schema.format !== undefined && schema.pattern !== undefined) delete schema.pattern;
  if (typeof schema.pattern === 'string') schema.pattern = portablePattern(schema.pattern);
  const { minimum, maximum } = schema;
  if (minimum === -INT32 || minimum === Number.MIN_SAFE_INTEGER) delete schema.minimum;
  // Beside a minimum it is a bound of the field, not of the type.
  if (maximum === INT32 - 1 || (maximum === Number.MAX_SAFE_INTEGER && schema.minimum === undefined))
    delete schema.maximum;
  if (io === 'output') delete schema.additionalProperties;
}

/**
 * Converts zod schemas to OpenAPI components. A schema whose request and response forms differ (defaults make fields
 * optional in requests only) gets two names, as does every schema that contains it.
 */
export const zodToOpenApi: StandardSchemaConverter = (schema, { schemaType }) => {
  if (!isZod(schema)) return undefined;
  const output = convert(schema, 'output');
  if (schemaType === 'output') return { schema: output.root, components: output.defs };
  const input = convert(schema, 'input');
  const renamed = inputNames(input.defs, output.defs);
  const nameOf = (id: string) => (renamed.has(id) ? `${id}Input` : id);
  const text = JSON.stringify({
    schema: input.root,
    components: Object.fromEntries(Object.entries(input.defs).map(([id, def]) => [nameOf(id), def])),
  });
  return JSON.parse(
    text.replace(
      /"#\/(definitions|\$defs|components\/schemas)\/([^"]+)"/g,
      (_, place: string, id: string) => `"#/${place}/${nameOf(id)}"`,
    ),
  ) as { schema: JsonObject; components: Record<string, JsonObject> };
};

function inputNames(input: Record<string, JsonObject>, output: Record<string, JsonObject>): Set<string> {
  const renamed = new Set<string>();
  for (let before = -1; before !== renamed.size;) {
    before = renamed.size;
    for (const [id, def] of Object.entries(input)) {
      const text = JSON.stringify(def);
      if (!sameForm(def, output[id]) || [...renamed].some((other) => text.includes(`/${other}"`)))
        renamed.add(id);
    }
  }
  return renamed;
}

/** Whether the forms are equal, apart from `additionalProperties: false`. */
function sameForm(input: JsonObject, output: JsonObject | undefined): boolean {
  return output !== undefined && withoutStrictness(input) === withoutStrictness(output);
}

const withoutStrictness = (schema: JsonObject) =>
  JSON.stringify(schema, (key, value: unknown) =>
    key === 'additionalProperties' && value === false ? undefined : value,
  );
