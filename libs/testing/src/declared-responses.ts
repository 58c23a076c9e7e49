import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

interface DeclaredResponse {
  content?: Record<
    string,
    { schema?: { allOf?: { properties?: { code?: { enum?: string[] } } }[] } } | undefined
  >;
}

interface DeclaredOperation {
  path: string;
  pattern: RegExp;
  responses: Record<string, DeclaredResponse | undefined>;
}

interface ApiDocument {
  paths: Record<
    string,
    Record<string, { responses: Record<string, DeclaredResponse | undefined> } | undefined>
  >;
}

const RELEASE = join(import.meta.dirname, '../../../apps/gateway/release');

let operations: Map<string, DeclaredOperation[]> | undefined;

/**
 * Throws if the OpenAPI documents of the release (`npm run docs` makes them) do not declare this status, or this problem
 * code, for the operation, or the 304 that a GET with an ETag can return. Paths and methods outside the documents are
 * not checked.
 */
export function expectDeclared(
  method: string,
  pathname: string,
  answer: { status: number; code: string | undefined; etag?: string | null },
): void {
  operations ??= readOperations();
  const operation = operations
    .get(method === 'HEAD' ? 'get' : method.toLowerCase())
    ?.find(({ pattern }) => pattern.test(pathname));
  if (!operation) return;
  if (method === 'GET' && answer.etag && !operation.responses[304])
    throw new Error(
      `GET ${operation.path} responded with an ETag, but declares no 304. Add @HasEtag(), then run "npm run docs".`,
    );
  const declared = operation.responses[answer.status];
  const codes = declared?.content?.['application/problem+json']?.schema?.allOf?.[1]?.properties?.code?.enum;
  // The response to HEAD has no body.
  const needsCode = answer.status >= 400 && method !== 'HEAD';
  if (declared && (!needsCode || codes?.includes(answer.code ?? ''))) return;
  throw new Error(
    `${method} ${operation.path} responded with ${answer.status} ${answer.code ?? ''}, which its OpenAPI document does not declare. ` +
      'Add the code to @RespondsWith, then run "npm run docs".',
  );
}

/** The operations of all services by method, those with fewer parameters first: `/v1/me` before `/v1/{id}`. */
function readOperations(): Map<string, DeclaredOperation[]> {
  const byMethod = new Map<string, DeclaredOperation[]>();
  for (const file of readdirSync(RELEASE).filter((name) => name.endsWith('.openapi.json'))) {
    const { paths } = JSON.parse(readFileSync(join(RELEASE, file), 'utf8')) as ApiDocument;
    for (const [path, item] of Object.entries(paths)) {
      const pattern = new RegExp(`^${path.replaceAll('.', '\\.').replace(/\{[^}]+\}/g, '[^/]+')}$`);
      for (const [method, operation] of Object.entries(item)) {
        if (!operation?.responses) continue;
        const list = byMethod.get(method) ?? [];
        list.push({ path, pattern, responses: operation.responses });
        byMethod.set(method, list);
      }
    }
  }
  const parameters = ({ path }: DeclaredOperation) => path.split('{').length;
  for (const list of byMethod.values()) list.sort((a, b) => parameters(a) - parameters(b));
  return byMethod;
}
