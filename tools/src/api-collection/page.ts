import { mergedDocument, SERVICES } from '@roost/app-gateway/release';
import { apiCollection, type Document } from './collection.js';

type Documents = Parameters<typeof mergedDocument>[0];

/** The collection over the OpenAPI documents of the services, by their paths. */
export function collectionPage(pages: ReadonlyMap<string, string>): string {
  const documents = new Map(
    SERVICES.map((service) => {
      const text = pages.get(`apps/gateway/release/${service}.openapi.json`);
      if (text === undefined) throw new Error(`There is no OpenAPI document of ${service}`);
      return [service, JSON.parse(text)] as const;
    }),
  ) as Documents;
  return JSON.stringify(apiCollection(mergedDocument(documents) as unknown as Document));
}
