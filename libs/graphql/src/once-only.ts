import { createHash } from 'node:crypto';
import type { GraphQLFieldResolver } from 'graphql';
import { toProblem, type IdempotencyKeys, Replay } from '@roost/http';
import { type ErrorCode, isErrorCode, Problem } from '@roost/platform';
import type { GraphqlContext } from './batches.js';

type Mutation = GraphQLFieldResolver<unknown, GraphqlContext>;

/**
 * A mutation under an `Idempotency-Key` runs once: the same field with the same arguments gets what the use case
 * returned the first time, of which the caller may ask for other fields. Mutations of one request run one after the
 * other, so each has the claim to itself.
 */
export function onceOnly(keys: IdempotencyKeys, mutate: Mutation): Mutation {
  return async (parent, args, context, info) => {
    const { roost, headers } = context.req;
    if (!roost.user || headers['idempotency-key'] === undefined) return mutate(parent, args, context, info);
    const operation = `/graphql/${info.fieldName}/${String(info.path.key)}`;
    try {
      await keys.claim(roost, {
        path: operation,
        fingerprint: createHash('sha256').update(JSON.stringify(args)).digest(),
      });
    } catch (error) {
      if (error instanceof Replay) return replay(error);
      throw error;
    }
    let status = 200;
    let body: string | null = null;
    try {
      const answer: unknown = await mutate(parent, args, context, info);
      body = JSON.stringify(answer ?? null);
      return answer;
    } catch (error) {
      const problem = toProblem(error);
      status = problem.status;
      body = JSON.stringify({ code: problem.code, detail: problem.message, extra: problem.extra });
      throw error;
    } finally {
      const { claim } = roost;
      roost.claim = null;
      if (claim && !claim.stored) await keys.settle(claim, status, body);
    }
  };
}

interface StoredProblem {
  code: ErrorCode;
  detail: string;
  extra: Record<string, unknown>;
}

function replay({ status, body }: Replay): unknown {
  const stored: unknown = body === null ? null : JSON.parse(body);
  if (status < 400) return stored;
  const { code, detail, extra } = stored as StoredProblem;
  throw new Problem(isErrorCode(code) ? code : 'internal', detail, extra);
}
