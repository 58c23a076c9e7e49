import { releasedDocument } from '@roost/app-gateway/release';
import { validateOpenApi } from './validate.js';

describe('the OpenAPI document of the release', () => {
  it('has no error for the schema, Spectral and Redocly', async () => {
    expect(await validateOpenApi(await releasedDocument())).toEqual([]);
  });

  it('has patterns that other languages can read, and a name for each parameter', async () => {
    const text = JSON.stringify(await releasedDocument());
    for (const [, pattern] of text.matchAll(/"pattern":"((?:[^"\\\\]|\\\\.)*)"/g))
      expect(pattern).not.toMatch(/\\\\[dpP]|\(\?[<!=]/);
    expect(text).not.toContain('{"required":true,"in":"query","schema":{}}');
  });
});

it('finds a parameter without a name with each validator', async () => {
  const document = await releasedDocument();
  const operation = document.paths['/v1/me/bookings']?.get;
  const errors = await validateOpenApi({
    ...document,
    paths: {
      '/v1/me/bookings': {
        get: { ...operation, parameters: [{ required: true, in: 'query', schema: {} }] },
      },
    },
  });
  for (const validator of ['schema', 'spectral', 'redocly'])
    expect(errors.some((error) => error.startsWith(validator))).toBe(true);
});
