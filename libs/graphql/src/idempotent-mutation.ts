import { createHash } from 'node:crypto';
import type { GraphQLFieldResolver } from 'graphql';
import { toProblem, type IdempotencyKeys, ReplayedResponse } from '@roost/http';
import { type ErrorCode, isErrorCode, Problem } from '@roost/platform';
import type { GraphqlContext } from './batch-loader.js';

type Mutation = GraphQLFieldResolver<unknown, GraphqlContext>;

/**
 * Wraps a mutation so that it runs once per `Idempotency-Key`. The same field with the same arguments returns the stored
 * result of the use case, of which the caller can select other fields. The mutations of one request run sequentially, so
 * that `roost.claim` belongs to one mutation at a time.
 */
export function idempotent(keys: IdempotencyKeys, mutate: Mutation): Mutation {
  return async (parent, args, context, info) => {
    const { roost, headers } = context.req;
    if (!roost.user || headers['idempotency-key'] === undefined) return mutate(parent, args, context, info);
    const path = `/graphql/${info.fieldName}/${String(info.path.key)}`;
    try {
      await keys.claim(roost, {
        path,
        fingerprint: createHash('sha256').update(JSON.stringify(args)).digest(),
      });
    } catch (error) {
      if (error instanceof ReplayedResponse) return replay(error);
      throw error;
    }
    let status = 200;
    let body: string | null = null;
    try {
      const result: unknown = await mutate(parent, args, context, info);
      body = JSON.stringify(result ?? null);
      return result;
    } catch (error) {
      const problem = toProblem(error);
      status = problem.status;
      body = JSON.stringify({ code: problem.code, detail: problem.message, extra: problem.extra });
      throw error;
    } finally {
      const { claim } = roost;
      roost.claim = null;
      if (claim && !claim.stored) await keys.finish(claim, status, body);
    }
  };
}

interface StoredProblem {
  code: ErrorCode;
  detail: string;
  extra: Record<string, unknown>;
}

/** Returns the stored result, or throws the stored problem. */
function replay({ status, body }: ReplayedResponse): unknown {
  const stored: unknown = body === null ? null : JSON.parse(body);
  if (status < 400) return stored;
  const { code, detail, extra } = stored as StoredProblem;
  throw new Problem(isErrorCode(code) ? code : 'internal', detail, extra);
}
