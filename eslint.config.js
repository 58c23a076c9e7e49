import js from '@eslint/js';
import nx from '@nx/eslint-plugin';
import tseslint from 'typescript-eslint';

const ambientTime = 'A rule gets `now` as an argument: it reads no clock.';
const ambientChance = 'A rule gets what it decides on as arguments: it draws no chance.';

const MAX_PARAMETERS = 4;
const MAX_DEPENDENCIES = 7;
const tooMany = (what, most) => `${what} has at most ${most} parameters: pass an object.`;
const sizes = [
  ...[
    'FunctionDeclaration',
    'ArrowFunctionExpression',
    "MethodDefinition[kind!='constructor'] > FunctionExpression",
  ].map((selector) => ({
    selector: `${selector}[params.length>${MAX_PARAMETERS}]`,
    message: tooMany('A function', MAX_PARAMETERS),
  })),
  {
    selector: `MethodDefinition[kind='constructor'] > FunctionExpression[params.length>${MAX_DEPENDENCIES}]`,
    message: tooMany('A constructor', MAX_DEPENDENCIES),
  },
];
const positionalValues = {
  selector: "CallExpression[callee.property.name='execute'] > ArrayExpression.arguments",
  message: 'Write values into the `sql` template.',
};

/** The libraries of a service, from the ground up: each may import those before it (docs/architecture.md). */
const serverLayers = ['layer:foundation', 'layer:messaging', 'layer:http', 'layer:graphql', 'layer:service'];

const serverLibraries = [
  'platform',
  'messaging',
  'http',
  'graphql',
  'service',
  'accounts',
  'audit',
  'testing',
  'embedded',
].map((lib) => `@roost/${lib}`);

export default tseslint.config(
  { ignores: ['**/dist/**', '**/node_modules/**', '.nx/**', '.roost/**', 'coverage/**'] },
  js.configs.recommended,
  tseslint.configs.recommended,
  {
    files: ['**/*.ts'],
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      'no-console': 'error',
      eqeqeq: ['error', 'always', { null: 'ignore' }],
    },
  },
  {
    files: ['**/*.js'],
    languageOptions: { globals: { process: 'readonly', console: 'readonly', URL: 'readonly' } },
  },
  {
    // Commands speak to a person on the terminal.
    files: ['tools/**/*.ts', 'apps/standalone/**/*.ts'],
    rules: { 'no-console': 'off' },
  },
  {
    files: ['apps/**/*.ts', 'libs/**/*.ts', 'tools/**/*.ts'],
    plugins: { '@nx': nx },
    rules: {
      '@nx/enforce-module-boundaries': [
        'error',
        {
          allow: [],
          // Specs start whole services, so the project of a library depends on libraries above it. The tags below hold for
          // the sources.
          ignoredCircularDependencies: serverLibraries.flatMap((one) =>
            serverLibraries.flatMap((other) => (one === other ? [] : [[one, other]])),
          ),
          // Programs that load Roost late, to print something first.
          checkDynamicDependenciesExceptions: ['@roost/app-.*', '@roost/service'],
          depConstraints: [
            { sourceTag: 'type:app', onlyDependOnLibsWithTags: ['type:lib'] },
            { sourceTag: 'type:lib', onlyDependOnLibsWithTags: ['type:lib'] },
            { sourceTag: 'type:compose', onlyDependOnLibsWithTags: ['type:app', 'type:lib', 'type:compose'] },
            { sourceTag: 'scope:pure', onlyDependOnLibsWithTags: ['scope:pure'] },
            { sourceTag: 'scope:server', onlyDependOnLibsWithTags: ['scope:pure', 'scope:server'] },
            ...serverLayers.map((layer, index) => ({
              sourceTag: layer,
              onlyDependOnLibsWithTags: ['scope:pure', ...serverLayers.slice(0, index + 1)],
            })),
          ],
        },
      ],
    },
  },
  {
    // One way to the database: named values, and SQL only in functions of *.queries.ts (CONTRIBUTING.md).
    files: ['apps/*/src/**/*.ts'],
    ignores: ['**/*.queries.ts', '**/*.entity.ts', '**/*.spec.ts', 'apps/sandbox/**', 'apps/standalone/**'],
    rules: {
      '@typescript-eslint/no-restricted-imports': [
        'error',
        {
          paths: ['@mikro-orm/postgresql', '@mikro-orm/core'].map((name) => ({
            name,
            importNames: ['sql', 'raw'],
            message: 'SQL is in *.queries.ts.',
          })),
        },
      ],
    },
  },
  {
    files: ['apps/**/*.ts', 'libs/**/*.ts', 'tools/**/*.ts'],
    rules: { 'no-restricted-syntax': ['error', ...sizes, positionalValues] },
  },
  {
    // The columns of a test table are parameters.
    files: ['**/*.spec.ts'],
    rules: { 'no-restricted-syntax': ['error', positionalValues] },
  },
  {
    // Specs of the libraries start services through libs/testing, which depends on the libraries.
    files: ['libs/**/test/**/*.ts', 'libs/**/*.spec.ts'],
    rules: { '@nx/enforce-module-boundaries': 'off' },
  },
  {
    // Imports the file of a city into the service of the specs of listings.
    files: ['tools/src/import/search-comparison.spec.ts'],
    rules: { '@nx/enforce-module-boundaries': 'off' },
  },
  {
    // Rules are plain functions: no framework, no clock, no chance (docs/architecture.md).
    files: ['**/domain/**/*.ts', 'libs/{contacts,money,pricing,stay}/**/*.ts'],
    ignores: ['**/*.spec.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              group: ['@nestjs/*', '@mikro-orm/*', 'bull', 'ioredis', 'fastify', 'node:*'],
              message: 'Rules import no framework.',
            },
            {
              group: ['**/*.service.js', '**/*.entity.js', '**/*.queries.js'],
              message: 'Rules know no service or table.',
            },
          ],
        },
      ],
      'no-restricted-properties': [
        'error',
        { object: 'Date', property: 'now', message: ambientTime },
        { object: 'Temporal', property: 'Now', message: ambientTime },
        { object: 'Math', property: 'random', message: ambientChance },
        { object: 'crypto', property: 'randomUUID', message: ambientChance },
      ],
      'no-restricted-syntax': [
        'error',
        ...sizes,
        { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: ambientTime },
      ],
    },
  },
);
