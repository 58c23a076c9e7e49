import { catalogue } from './catalogue.js';
import { Problem } from './problem.js';

describe('the error catalogue', () => {
  const codes = Object.keys(catalogue);

  test('is sorted, and its codes have the form noun.reason', () => {
    expect(codes).toEqual([...codes].sort());
    for (const code of codes)
      if (code !== 'internal') expect(code).toMatch(/^[a-z]+(_[a-z]+)*\.[a-z]+(_[a-z]+)*$/);
  });

  test.each(Object.entries(catalogue))(
    '%s has an error status, a title and a complete page',
    (_code, { status, title, page: { what, fix } }) => {
      expect(status).toBeGreaterThanOrEqual(400);
      expect(status).toBeLessThan(600);
      expect(title).toMatch(/^[A-Z].*[^.]$/);
      for (const sentence of [what, fix]) expect(sentence).toMatch(/^\S.*\.$/s);
    },
  );
});

describe('Problem', () => {
  test('has the status of its code and additional fields', () => {
    const problem = new Problem('listing.incomplete', undefined, { missing: ['/photos'] });
    expect(problem.toBody({ publicUrl: 'https://x.example', instance: '/v1', traceId: 't' })).toEqual({
      type: 'https://x.example/errors/listing.incomplete',
      title: catalogue['listing.incomplete'].title,
      status: 409,
      detail: catalogue['listing.incomplete'].title,
      instance: '/v1',
      code: 'listing.incomplete',
      traceId: 't',
      missing: ['/photos'],
    });
  });

  test('ignores additional fields that would replace its own', () => {
    const problem = new Problem('listing.incomplete', undefined, { status: 200, code: 'fine' });
    expect(problem.toBody({ publicUrl: '', instance: '', traceId: '' })).toMatchObject({
      status: 409,
      code: 'listing.incomplete',
    });
  });
});
