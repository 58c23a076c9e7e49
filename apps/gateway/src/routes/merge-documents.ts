import { isServiceParameter, operationKey, type RouteTable } from './route-table.js';
import {
  METHODS,
  type Operation,
  operations,
  type OpenApiDocument,
  type SecurityRequirement,
} from './openapi.js';

/**
 * Merges the OpenAPI documents of the services into one. Equal schemas with one name are shared; if they differ, the
 * schema of the later service gets its name as a prefix (`PaymentsPage`). An operation in two documents is taken from the
 * owner in the route table; the parameter of one that services share lists them.
 */
export function mergeDocuments(
  documents: ReadonlyMap<string, OpenApiDocument>,
  routes: RouteTable,
  info: OpenApiDocument['info'],
): OpenApiDocument {
  const components: Record<string, Record<string, unknown>> = {};
  const paths: OpenApiDocument['paths'] = {};
  const tags = new Map<string, { name: string; description?: string }>();

  for (const [service, original] of documents) {
    const document = renameClashes(original, components, service);
    for (const [kind, named] of Object.entries(document.components ?? {})) {
      components[kind] = { ...components[kind], ...named };
    }
    for (const [path, item] of Object.entries(document.paths)) {
      const target = (paths[path] ??= {});
      for (const method of METHODS) {
        const operation = item[method];
        const key = operationKey(method, path);
        if (!operation || routes.owner(key) !== service) continue;
        const security: SecurityRequirement[] | undefined = operation.security ?? document.security;
        target[method] = withServices(
          { ...operation, ...(security ? { security } : {}) },
          routes.sharedBy(key),
        );
      }
      if (Object.keys(target).length === 0) delete paths[path];
    }
    for (const tag of document.tags ?? []) if (!tags.has(tag.name)) tags.set(tag.name, tag);
    for (const { operation } of operations(document))
      for (const name of operation.tags ?? []) if (!tags.has(name)) tags.set(name, { name });
  }
  // Relative to the document: the gateway serves both.
  const servers = [{ url: '/' }];
  return { openapi: '3.0.3', info, servers, tags: [...tags.values()], paths, components };
}

function withServices(operation: Operation, services: readonly string[] | null): Operation {
  if (services === null || !operation.parameters) return operation;
  const parameters = operation.parameters.map((parameter) =>
    isServiceParameter(parameter)
      ? { ...parameter, schema: { ...parameter.schema, enum: [...services] } }
      : parameter,
  );
  return { ...operation, parameters };
}

function renameClashes(
  document: OpenApiDocument,
  taken: Record<string, Record<string, unknown>>,
  service: string,
): OpenApiDocument {
  const prefix = service[0]?.toUpperCase() + service.slice(1);
  const renamed = new Map<string, string>();
  for (const [kind, named] of Object.entries(document.components ?? {})) {
    for (const [name, schema] of Object.entries(named)) {
      const other = taken[kind]?.[name];
      if (other !== undefined && JSON.stringify(other) !== JSON.stringify(schema)) {
        renamed.set(`#/components/${kind}/${name}`, `${prefix}${name}`);
      }
    }
  }
  if (renamed.size === 0) return document;
  const text = JSON.stringify(document, (key, value: unknown) => {
    if (key !== '$ref' || typeof value !== 'string') return value;
    const name = renamed.get(value);
    return name ? value.slice(0, value.lastIndexOf('/') + 1) + name : value;
  });
  const result = JSON.parse(text) as OpenApiDocument;
  for (const [ref, name] of renamed) {
    const [, , kind = '', old = ''] = ref.split('/');
    const named = result.components?.[kind];
    if (!named) continue;
    named[name] = named[old];
    delete named[old];
  }
  return result;
}
