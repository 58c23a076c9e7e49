import { GraphQLError, type GraphQLFormattedError } from 'graphql';
import { toProblem } from '@roost/http';
import { Problem } from '@roost/platform';

const MAX_REASON = 300;

export interface GraphqlAnswer {
  data?: Record<string, unknown> | null;
  errors?: GraphQLFormattedError[];
}

/** Why a field has no value: a problem as REST would answer it. Of anything unforeseen nothing is told. */
export function problemOf(error: GraphQLError): Problem {
  const { originalError } = error;
  // graphql-js itself refuses documents and variables with errors of its own.
  return originalError && !(originalError instanceof GraphQLError)
    ? toProblem(originalError)
    : invalidDocument(error.message);
}

/** graphql-js quotes the caller's whole input: the reason stays, the values go. */
export function invalidDocument(message: string): Problem {
  const detail = message
    .replace(/ got invalid value [\s\S]*?(?: at "[^"]{1,200}")?; /, ' ')
    .replace(/ (cannot represent [^:]*|found|Expected value of type "[^"]*"): [\s\S]*$/, ' $1')
    .replace(/, found [\s\S]*$/, '')
    .slice(0, MAX_REASON);
  return new Problem('request.invalid', detail, { errors: [{ detail }] });
}

/** The same code as in REST, in `extensions.code`. */
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
