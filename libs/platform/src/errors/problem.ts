import { catalogue, type ErrorCode } from './catalogue.js';

/** One invalid place of a request: a JSON pointer into the body, or the name of a parameter or header. */
export interface FieldError {
  pointer?: string;
  parameter?: string;
  header?: string;
  detail: string;
}

export interface ProblemBody {
  type: string;
  title: string;
  status: number;
  detail: string;
  instance: string;
  code: ErrorCode;
  traceId: string;
  errors?: FieldError[];
  [extra: string]: unknown;
}

/** An error response: thrown anywhere, sent as `application/problem+json`. The caller sees its texts. */
export class Problem extends Error {
  readonly status: number;
  /** graphql-js copies the extensions into the error that it reports. */
  readonly extensions: Record<string, unknown>;

  constructor(
    readonly code: ErrorCode,
    detail?: string,
    readonly extra: Record<string, unknown> = {},
    /** Headers of the response, such as `Retry-After`. */
    readonly headers: Record<string, string> = {},
  ) {
    super(detail ?? catalogue[code].title);
    this.name = 'Problem';
    this.status = catalogue[code].status;
    this.extensions = { code, status: this.status, ...extra };
  }

  toBody(at: { publicUrl: string; instance: string; traceId: string }): ProblemBody {
    return {
      ...this.extra,
      type: `${at.publicUrl}/errors/${this.code}`,
      title: catalogue[this.code].title,
      status: this.status,
      detail: this.message,
      instance: at.instance,
      code: this.code,
      traceId: at.traceId,
    };
  }
}

/** 400 `request.invalid` for one field of the body. */
export function invalidField(pointer: string, detail: string): Problem {
  return new Problem('request.invalid', undefined, { errors: [{ pointer, detail }] satisfies FieldError[] });
}

/** 400 `request.invalid` for one query or path parameter. */
export function invalidParameter(parameter: string, detail: string): Problem {
  return new Problem('request.invalid', undefined, {
    errors: [{ parameter, detail }] satisfies FieldError[],
  });
}

/** 503 `storage.full` with `Retry-After`. */
export function storageFull(): Problem {
  return new Problem('storage.full', undefined, {}, { 'retry-after': '10' });
}

/** 503 `service.unavailable` with `Retry-After`. */
export function unavailable(detail?: string, retryAfterSeconds = 2): Problem {
  return new Problem('service.unavailable', detail, {}, { 'retry-after': String(retryAfterSeconds) });
}
