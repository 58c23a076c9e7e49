import { GraphQLError, type GraphQLFormattedError } from 'graphql';
import { toProblem } from '@roost/http';
import { Problem } from '@roost/platform';

const MAX_REASON = 300;

export interface GraphqlResponse {
  data?: Record<string, unknown> | null;
  errors?: GraphQLFormattedError[];
}

/** The problem of a field error, the same as in REST. Unexpected errors become `internal` without details. */
export function problemOf(error: GraphQLError): Problem {
  const { originalError } = error;
  // Errors without an original error are graphql-js's own: invalid documents and variables.
  return originalError && !(originalError instanceof GraphQLError)
    ? toProblem(originalError)
    : invalidDocument(error.message);
}

/** 400 `request.invalid` with the message of graphql-js, without the input values that it quotes. */
export function invalidDocument(message: string): Problem {
  const detail = message
    .replace(/ got invalid value [\s\S]*?(?: at "[^"]{1,200}")?; /, ' ')
    .replace(/ (cannot represent [^:]*|found|Expected value of type "[^"]*"): [\s\S]*$/, ' $1')
    .replace(/, found [\s\S]*$/, '')
    .slice(0, MAX_REASON);
  return new Problem('request.invalid', detail, { errors: [{ detail }] });
}

/** A problem as a GraphQL error, with the code of REST in `extensions.code`. */
export function formatProblem(
  problem: Problem,
  traceId: string,
  at: Pick<GraphQLFormattedError, 'path' | 'locations'> = {},
): GraphQLFormattedError {
  return {
    message: problem.message,
    ...(at.locations ? { locations: at.locations } : {}),
    ...(at.path ? { path: at.path } : {}),
    extensions: { ...problem.extensions, traceId },
  };
}
