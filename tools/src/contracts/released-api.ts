import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { releasedDocument } from '@roost/app-gateway/release';
import type { Api } from './api-breaks.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const folder = join(root, 'apps/gateway/released');
const OPENAPI = join(folder, 'openapi.json');
const GRAPH = join(folder, 'schema.graphql');
const ACCEPTED = join(folder, 'accepted-breaks.json');

/** Breaking changes since the last release that are intended, with the reason. */
export interface Acceptance {
  reason: string;
  breaks: string[];
}

/** The API of this checkout. */
export async function currentApi(): Promise<Api> {
  return {
    openapi: await releasedDocument(),
    graph: readFileSync(join(root, 'docs/graph/schema.graphql'), 'utf8'),
  };
}

/** The API of the last release. */
export function lastReleasedApi(): Api & { version: string } {
  const openapi = JSON.parse(readFileSync(OPENAPI, 'utf8')) as { info: { version: string } };
  return { openapi, graph: readFileSync(GRAPH, 'utf8'), version: openapi.info.version };
}

export function acceptances(): Acceptance[] {
  return existsSync(ACCEPTED) ? (JSON.parse(readFileSync(ACCEPTED, 'utf8')) as Acceptance[]) : [];
}

export function accept(acceptance: Acceptance): void {
  writeFileSync(ACCEPTED, `${JSON.stringify([...acceptances(), acceptance], null, 2)}\n`);
}

/** Stores the API as that of a release. What was accepted before it is then part of it. */
export function storeReleased(api: Api, version: string): void {
  const openapi = api.openapi as { info: object };
  const document = { ...openapi, info: { ...openapi.info, version } };
  writeFileSync(OPENAPI, `${JSON.stringify(document, null, 1)}\n`);
  writeFileSync(GRAPH, api.graph);
  writeFileSync(ACCEPTED, '[]\n');
}
