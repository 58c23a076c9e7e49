import { isBuilt } from '@roost/testing/go-program';
import { type Api, apiBreaks } from './api-breaks.js';

// Building oasdiff needs Go, which CI has.
const test = isBuilt('oasdiff') || process.env.CI === 'true' ? it : it.skip;
if (test === it.skip)
  process.stderr.write('Skipped: "npm run contracts:check" builds oasdiff and needs Go.\n');

interface Note {
  parameters?: object[];
  required?: string[];
  states?: string[];
  fields?: Record<string, object>;
}

const api = (note: Note = {}, graph = 'type Query { note: String! }'): Api => ({
  graph,
  openapi: {
    openapi: '3.1.0',
    info: { title: 'Notes', version: '1' },
    paths: {
      '/notes': {
        get: {
          parameters: note.parameters ?? [],
          responses: {
            200: {
              description: 'The notes',
              content: {
                'application/json': {
                  schema: {
                    type: 'object',
                    required: note.required ?? ['text'],
                    properties: {
                      text: { type: 'string' },
                      state: { type: 'string', enum: note.states ?? ['open'] },
                      ...note.fields,
                    },
                  },
                },
              },
            },
          },
        },
      },
    },
  },
});

test.each<[string, Api]>([
  ['nothing changed', api()],
  ['another field of a response', api({ fields: { author: { type: 'string' } } })],
  [
    'an optional parameter',
    api({ parameters: [{ name: 'page', in: 'query', schema: { type: 'integer' } }] }),
  ],
  ['another state in a response', api({ states: ['open', 'closed'] })],
  ['another field of the graph', api({}, 'type Query { note: String! notes: [String!] }')],
])('accepts an addition: %s', (_, after) => {
  expect(apiBreaks(api(), after)).toEqual([]);
});

test.each<[string, Api, RegExp]>([
  [
    'a required parameter',
    api({ parameters: [{ name: 'page', in: 'query', required: true, schema: { type: 'integer' } }] }),
    /^GET \/notes added the new required 'query' request parameter 'page'$/,
  ],
  ['a field that may be missing', api({ required: [] }), /'text'.*optional/],
  ['another type of a field', api({ fields: { text: { type: 'integer' } } }), /'text'.*type/],
  ['a path that is gone', { ...api(), openapi: { ...api().openapi, paths: {} } }, /removed/],
  [
    'a nullable field of the graph',
    api({}, 'type Query { note: String }'),
    /^GraphQL: Query\.note changed type/,
  ],
])('reports a break: %s', (_, after, reason) => {
  expect(apiBreaks(api(), after)).toEqual([expect.stringMatching(reason)]);
});
