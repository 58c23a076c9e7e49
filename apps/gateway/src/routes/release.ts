import { readFile } from 'node:fs/promises';
import { mergeDocuments } from './merge-documents.js';
import type { OpenApiDocument } from './openapi.js';
import { buildRouteTable } from './route-table.js';

/** In the order of precedence for paths without a previous owner. */
export const SERVICES = ['identity', 'listings', 'bookings', 'payments', 'reviews'] as const;
export type Upstream = (typeof SERVICES)[number];

export const INFO = {
  title: 'Roost',
  version: '0.1.0',
  description:
    'The API of a backend for short-term-rental marketplaces. Amounts of money are integers in minor units, in fields that end in `Minor`. Dates are calendar dates in the time zone of the listing. Instants are RFC 3339 in UTC. Errors are `application/problem+json` with a stable `code`.',
};

/** The OpenAPI documents of the services in the release. A service without one is omitted. */
export async function readRelease(): Promise<Map<Upstream, OpenApiDocument>> {
  const texts = await Promise.all(SERVICES.map(readDocument));
  return new Map(
    SERVICES.flatMap((service, index) => {
      const text = texts[index];
      return text ? [[service, JSON.parse(text) as OpenApiDocument] as const] : [];
    }),
  );
}

async function readDocument(service: Upstream): Promise<string | null> {
  const file = new URL(`../../release/${service}.openapi.json`, import.meta.url);
  return readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
}

/** The document that a gateway serves at `/openapi.json` while every service has the version of the release. */
export async function releasedDocument(): Promise<OpenApiDocument> {
  return mergedDocument(await readRelease());
}

/** The document of the gateway over these documents of the services. */
export function mergedDocument(documents: ReadonlyMap<Upstream, OpenApiDocument>): OpenApiDocument {
  return mergeDocuments(documents, buildRouteTable(documents), INFO);
}
