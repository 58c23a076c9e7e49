/** The direction of imports inside of each project. Boundaries between projects are rules of eslint.config.js. */

/** The folders of apps/bookings/src, from the ground up: a folder may import those before it, unless listed otherwise. */
const bookings = [
  { folder: 'terms', mayImport: [] },
  { folder: 'listing-snapshot', mayImport: [] },
  { folder: 'calendar', mayImport: ['terms', 'listing-snapshot'] },
  { folder: 'quote', mayImport: ['terms', 'listing-snapshot', 'calendar'] },
  { folder: 'message', mayImport: ['terms', 'listing-snapshot'] },
  { folder: 'feed', mayImport: ['terms', 'listing-snapshot', 'calendar'] },
  { folder: 'host-figures', mayImport: [] },
  { folder: 'booking', mayImport: ['terms', 'listing-snapshot', 'calendar', 'quote', 'message'] },
];

const featureFolders = '^(apps|libs)/[^/]+/src/[^/]+/';

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    {
      name: 'no-file-cycle',
      comment: 'Two files that need each other belong together, or share a third one below them.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-folder-cycle',
      comment: 'Folders depend in one direction.',
      severity: 'error',
      scope: 'folder',
      from: { path: featureFolders.slice(0, -1) },
      to: { circular: true, path: featureFolders.slice(0, -1) },
    },
    ...bookings.map(({ folder, mayImport }) => ({
      name: `bookings-${folder}`,
      comment: `apps/bookings/src/${folder} imports only: ${mayImport.join(', ') || 'no other folder'}.`,
      severity: 'error',
      from: { path: `^apps/bookings/src/${folder}/` },
      to: {
        path: '^apps/bookings/src/[^/]+/',
        pathNot: `^apps/bookings/src/(${[folder, ...mayImport].join('|')})/`,
      },
    })),
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    exclude: { path: ['node_modules', '\\.(spec|faults|fixture)\\.ts$', '/test/'] },
    enhancedResolveOptions: {
      conditionNames: ['@roost/source', 'import', 'node'],
      extensions: ['.ts', '.js'],
    },
  },
};
