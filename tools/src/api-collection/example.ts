/** JSON Schema as the OpenAPI document writes it. */
export interface Schema {
  $ref?: string;
  type?: string;
  format?: string;
  example?: unknown;
  default?: unknown;
  enum?: unknown[];
  minimum?: number;
  minItems?: number;
  minLength?: number;
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  allOf?: Schema[];
  anyOf?: Schema[];
  oneOf?: Schema[];
}

const TEXTS: Readonly<Record<string, string>> = {
  uuid: '01890000-0000-7000-8000-000000000000',
  date: '2030-05-01',
  'date-time': '2030-05-01T12:00:00Z',
  'idn-email': 'ada@example.com',
  email: 'ada@example.com',
  uri: 'https://example.com/',
};

/** A value that a schema allows, with its required fields: what the document gives as an example, else the simplest. */
export function exampleOf(schema: Schema, schemas: Readonly<Record<string, Schema>>): unknown {
  if (schema.$ref) {
    const target = schemas[schema.$ref.slice(schema.$ref.lastIndexOf('/') + 1)];
    return target ? exampleOf(target, schemas) : null;
  }
  if (schema.example !== undefined) return schema.example;
  if (schema.default !== undefined) return schema.default;
  if (schema.enum) return schema.enum[0];
  if (schema.allOf) return merged(schema.allOf.map((part) => exampleOf(part, schemas)));
  const [choice] = schema.oneOf ?? schema.anyOf ?? [];
  if (choice) return exampleOf(choice, schemas);
  if (schema.properties) return fieldsOf(schema, schemas);
  switch (schema.type) {
    case 'array':
      return schema.items && schema.minItems ? [exampleOf(schema.items, schemas)] : [];
    case 'integer':
    case 'number':
      return schema.minimum ?? 0;
    case 'boolean':
      return false;
    case 'string':
      return TEXTS[schema.format ?? ''] ?? 'Example text'.padEnd(schema.minLength ?? 0, '.');
    default:
      return {};
  }
}

const merged = (parts: unknown[]): unknown => (parts.length === 1 ? parts[0] : Object.assign({}, ...parts));

function fieldsOf(schema: Schema, schemas: Readonly<Record<string, Schema>>): Record<string, unknown> {
  const required = Object.entries(schema.properties ?? {}).filter(([name]) =>
    schema.required?.includes(name),
  );
  return Object.fromEntries(required.map(([name, field]) => [name, exampleOf(field, schemas)]));
}
