import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type ContractService, knownService } from './error.js';
import { featureFiles } from './feature.templates.js';
import { type NounForms, nounForms } from './names.js';
import { addImport, appendToArray } from './source-edits.js';
import { type Workspace, WrongCall } from './workspace.js';

/**
 * Adds a vertical slice to a service: table, statements, use cases, routes and their spec, connected to the service.
 * `name` is `service/noun`. Throws `WrongCall` for a wrong or taken name.
 */
export function addFeature(workspace: Workspace, name: string): void {
  const [, serviceName, kebab] = /^([a-z]+)\/([a-z]+(?:-[a-z]+)*)$/.exec(name) ?? [];
  if (serviceName === undefined || kebab === undefined)
    throw new WrongCall(
      `"${name}" is not the name of a feature: write service/noun, such as bookings/damage-claim.`,
    );
  const service = knownService(serviceName);
  const noun = nounForms(kebab);
  if (workspace.has(`apps/${service}/src/${kebab}`))
    throw new WrongCall(`apps/${service}/src/${kebab} exists already.`);
  const migration = nextMigration(workspace, service, noun);
  for (const [path, content] of featureFiles({ service, noun, migration })) workspace.create(path, content);
  connect(workspace, service, noun, migration);
}

/** `Migration0002DamageClaim`, after the service's last migration. */
function nextMigration(workspace: Workspace, service: ContractService, { pascal }: NounForms): string {
  const names = readdirSync(join(workspace.root, `apps/${service}/migrations`));
  if (names.some((name) => /^Migration\d{4}(\w+)\.ts$/.exec(name)?.[1] === pascal))
    throw new WrongCall(`apps/${service}/migrations has a migration of "${pascal}" already.`);
  const numbers = names.map((name) => Number(/^Migration(\d{4})/.exec(name)?.[1] ?? 0));
  return `Migration${String(Math.max(0, ...numbers) + 1).padStart(4, '0')}${pascal}`;
}

function connect(
  workspace: Workspace,
  service: ContractService,
  { kebab, pascal }: NounForms,
  migration: string,
): void {
  workspace.edit(`apps/${service}/src/app.module.ts`, (source) => {
    const imported = addImport(source, `import { ${pascal}Module } from './${kebab}/${kebab}.module.js';`);
    return (
      appendToArray(imported, 'imports', `${pascal}Module`) ??
      imported.replace('@Module({', `@Module({ imports: [${pascal}Module],`)
    );
  });
  workspace.edit(`apps/${service}/src/service.ts`, (source) => {
    const imported = addImport(source, `import { ${migration} } from '../migrations/${migration}.js';`);
    const appended = appendToArray(imported, 'migrations', migration);
    if (appended === null) throw new Error(`apps/${service}/src/service.ts lists no migrations`);
    return appended;
  });
}
