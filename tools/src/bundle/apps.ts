import { readdirSync } from 'node:fs';
import { join } from 'node:path';

const SERVICES = ['identity', 'listings', 'bookings', 'payments', 'reviews', 'gateway', 'sandbox'] as const;
export const APPS = [...SERVICES, 'cli'] as const;
export type App = (typeof APPS)[number];

const COMMANDS = 'tools/src/cli/commands';

/** The programs of an app: the name of each file without `.js`, and its source. */
export function entriesOf(app: App, root: string): Record<string, string> {
  if (app !== 'cli') return { main: `apps/${app}/src/main.ts` };
  // The CLI lists this folder at run time, so each command is a file at the place of its source.
  const commands = readdirSync(join(root, COMMANDS)).filter((file) => /^[a-z-]+\.ts$/.test(file));
  return {
    main: 'tools/src/cli/main.ts',
    tour: 'tools/src/tour/main.ts',
    ...Object.fromEntries(
      commands.map((file) => [`${COMMANDS}/${file.slice(0, -'.ts'.length)}`, `${COMMANDS}/${file}`]),
    ),
  };
}

/** Packages with files that they load at run time. They are shipped beside the bundle, with what they depend on. */
export const SHIPPED: readonly string[] = ['argon2', 'sharp', '@graphql-hive/router-query-planner'];

/** Optional packages that bundled packages try to load: a native part that only makes msgpackr faster. */
export const LEFT_OUT: readonly string[] = ['msgpackr-extract'];

/**
 * The files that a module finds by its own address (`import.meta.url`), relative to the root of the repository. A module
 * that is not listed must not use its address.
 */
export const FILES_READ: Readonly<Record<string, readonly string[]>> = {
  'apps/gateway/src/graphql/supergraph-registry.ts': ['apps/gateway/release'],
  'apps/gateway/src/routes/release.ts': ['apps/gateway/release'],
  'apps/gateway/src/pages/docs.controller.ts': [
    'apps/gateway/release',
    'node_modules/swagger-ui-dist/LICENSE',
    'node_modules/swagger-ui-dist/favicon-32x32.png',
    'node_modules/swagger-ui-dist/package.json',
    'node_modules/swagger-ui-dist/swagger-ui-bundle.js',
    'node_modules/swagger-ui-dist/swagger-ui.css',
  ],
  'apps/listings/src/place/city-names.ts': ['apps/listings/src/place/data'],
  // Its folder of commands is made of entries of the bundle.
  'tools/src/cli/run-command.ts': [],
  'libs/embedded/src/postgres-tools.ts': ['libs/embedded/postgres-tools/requirements.txt'],
  // These start servers on the machine of a developer, or use files of the repository; images don't do that.
  'libs/embedded/src/kafka-broker.ts': [],
  'libs/embedded/src/kafka-jars.ts': [],
  'apps/standalone/src/demo/painter.ts': [],
  'tools/src/cli/commands/demo.ts': [],
};
