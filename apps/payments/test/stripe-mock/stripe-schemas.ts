import { Ajv, type ErrorObject } from 'ajv';
import { openApi, type Schemas } from './stripe-mock.js';

/** OpenAPI 3.0 allows `nullable` beside `anyOf` and `enum`, JSON Schema does not. Changes the schema in place. */
function allowNull(schema: unknown): void {
  if (schema === null || typeof schema !== 'object') return;
  for (const part of Object.values(schema)) allowNull(part);
  const { nullable, type, anyOf, enum: values } = schema as Record<string, unknown>;
  if (nullable !== true) return;
  if (Array.isArray(values)) values.push(null);
  if (type !== undefined) return;
  Reflect.deleteProperty(schema, 'nullable');
  if (Array.isArray(anyOf)) anyOf.push({ type: 'null' });
}

/** Validates objects against the schemas of Stripe's OpenAPI document. */
export class StripeSchemas {
  private readonly ajv = new Ajv({ strict: false, validateFormats: false });

  constructor() {
    const { components } = openApi();
    allowNull(components.schemas);
    this.ajv.addSchema({ $id: 'stripe', components: components as { schemas: Schemas } });
  }

  /** The differences of an object from the schema of its type. */
  errorsOf(object: { object: string }): ErrorObject[] {
    const validate = this.ajv.getSchema(`stripe#/components/schemas/${object.object}`);
    if (!validate) throw new Error(`Stripe has no object ${object.object}`);
    return validate(object) ? [] : (validate.errors ?? []);
  }
}
