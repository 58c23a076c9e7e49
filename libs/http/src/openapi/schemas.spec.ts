import { z } from 'zod';
import { zodToOpenApi } from './schemas.js';

describe('zodToOpenApi', () => {
  const Inner = z.strictObject({ kind: z.enum(['a', 'b']).default('a') }).meta({ id: 'Inner' });
  const Plain = z.strictObject({ id: z.uuid() }).meta({ id: 'Plain' });
  const Outer = z
    .strictObject({ inner: Inner, plain: Plain, at: z.iso.date(), n: z.int() })
    .meta({ id: 'Outer' });

  test('renames schemas whose request form differs, and the schemas that contain them', () => {
    const { components } = zodToOpenApi(Outer, { schemaType: 'input' } as never) as {
      components: Record<string, { required: string[] }>;
    };
    expect(Object.keys(components).sort()).toEqual(['InnerInput', 'OuterInput', 'Plain']);
    expect(JSON.stringify(components)).toContain('/InnerInput"');
    expect(components.OuterInput).toMatchObject({
      additionalProperties: false,
      properties: { at: { type: 'string', format: 'date' }, n: { type: 'integer' } },
    });
    expect(JSON.stringify(components.OuterInput)).not.toMatch(/pattern|9007199254740991/);
  });

  test('allows additional properties in responses', () => {
    const { components } = zodToOpenApi(Outer, { schemaType: 'output' } as never) as {
      components: Record<string, object>;
    };
    expect(Object.keys(components).sort()).toEqual(['Inner', 'Outer', 'Plain']);
    expect(JSON.stringify(components)).not.toContain('additionalProperties');
  });
});
