/** The parts of an OpenAPI 3 document that the gateway reads; all other parts stay unchanged. */
export interface OpenApiDocument {
  openapi: string;
  info: { title: string; version: string; description?: string };
  servers?: { url: string }[];
  paths: Record<string, Record<string, Operation>>;
  components?: Record<string, Record<string, unknown>>;
  tags?: { name: string; description?: string }[];
  security?: SecurityRequirement[];
}

export interface Operation {
  security?: SecurityRequirement[];
  tags?: string[];
  parameters?: Parameter[];
  requestBody?: { content: Record<string, unknown> };
  responses?: Record<string, { content?: Record<string, unknown> }>;
  [key: string]: unknown;
}

export interface Parameter {
  name: string;
  in: string;
  required?: boolean;
  schema?: { enum?: unknown[] };
}

export type SecurityRequirement = Record<string, string[]>;

export const METHODS = ['get', 'put', 'post', 'patch', 'delete'] as const;

/** Every operation of a document. */
export function* operations(
  document: OpenApiDocument,
): Generator<{ method: string; path: string; operation: Operation }> {
  for (const [path, item] of Object.entries(document.paths)) {
    for (const method of METHODS) {
      const operation = item[method];
      if (operation) yield { method: method.toUpperCase(), path, operation };
    }
  }
}
