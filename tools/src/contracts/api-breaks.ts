import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildSchema, findBreakingChanges } from 'graphql';
import { goProgram } from '@roost/testing/go-program';

/** The two documents of the public API. */
export interface Api {
  openapi: object;
  /** The public GraphQL schema. */
  graph: string;
}

interface OasChange {
  id: string;
  text: string;
  operation?: string;
  path?: string;
}

/** Clients must accept values that they do not know: more error codes, states and kinds are additions. */
const ADDITIONS = new Set(['response-property-enum-value-added']);

/** The changes that a client of `before` may not survive, one sentence each; empty if everything is additive. */
export function apiBreaks(before: Api, after: Api): string[] {
  return [...restBreaks(before.openapi, after.openapi), ...graphBreaks(before.graph, after.graph)];
}

function graphBreaks(before: string, after: string): string[] {
  return findBreakingChanges(buildSchema(before), buildSchema(after)).map(
    ({ description }) => `GraphQL: ${description}`,
  );
}

function restBreaks(before: object, after: object): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'roost-api-'));
  try {
    const [old, now] = [join(folder, 'before.json'), join(folder, 'after.json')];
    writeFileSync(old, JSON.stringify(before));
    writeFileSync(now, JSON.stringify(after));
    const found = execFileSync(goProgram('oasdiff'), ['breaking', old, now, '--format=json'], {
      encoding: 'utf8',
      maxBuffer: 64 * 1024 * 1024,
    });
    return (JSON.parse(found || '[]') as OasChange[])
      .filter(({ id }) => !ADDITIONS.has(id))
      .map(({ operation, path, text }) =>
        [operation, path, `${text.replaceAll(/\s+/g, ' ').trim()}`].filter(Boolean).join(' '),
      );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
