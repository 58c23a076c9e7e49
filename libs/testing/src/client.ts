import { expectDeclared } from './declared-responses.js';

export interface TestResponse<T = Record<string, unknown>> {
  status: number;
  headers: Headers;
  /** Parsed if it is JSON, else text. */
  body: T;
  bytes: Uint8Array;
}

export interface GraphqlRefusal {
  message: string;
  path?: (string | number)[];
  extensions: { code: string; status: number; errors?: { pointer?: string; detail: string }[] };
}

export interface GraphqlResponse<T> {
  status: number;
  headers: Headers;
  data: T | null;
  errors: GraphqlRefusal[];
}

type RequestHeaders = Record<string, string>;

/** An HTTP client of one service with the headers of one caller. It accepts only responses that OpenAPI declares. */
export class TestClient {
  constructor(
    private readonly url: string,
    private readonly headers: RequestHeaders = {},
  ) {}

  /** A client with additional headers: `.with({ 'if-match': etag })`. */
  with(headers: RequestHeaders): TestClient {
    return new TestClient(this.url, { ...this.headers, ...headers });
  }

  get<T = Record<string, unknown>>(path: string, headers?: RequestHeaders): Promise<TestResponse<T>> {
    return this.send<T>('GET', path, undefined, headers);
  }

  post<T = Record<string, unknown>>(
    path: string,
    body?: unknown,
    headers?: RequestHeaders,
  ): Promise<TestResponse<T>> {
    return this.send<T>('POST', path, body, headers);
  }

  put<T = Record<string, unknown>>(
    path: string,
    body?: unknown,
    headers?: RequestHeaders,
  ): Promise<TestResponse<T>> {
    return this.send<T>('PUT', path, body, headers);
  }

  patch<T = Record<string, unknown>>(
    path: string,
    body?: unknown,
    headers?: RequestHeaders,
  ): Promise<TestResponse<T>> {
    return this.send<T>('PATCH', path, body, headers);
  }

  delete<T = Record<string, unknown>>(path: string, headers?: RequestHeaders): Promise<TestResponse<T>> {
    return this.send<T>('DELETE', path, undefined, headers);
  }

  /** One GraphQL operation. */
  async graphql<T = Record<string, unknown>>(
    query: string,
    variables: Record<string, unknown> = {},
    headers?: RequestHeaders,
  ): Promise<GraphqlResponse<T>> {
    const {
      status,
      headers: responseHeaders,
      body,
    } = await this.post('/graphql', { query, variables }, headers);
    const { data, errors = [] } = body as { data?: T | null; errors?: GraphqlRefusal[] };
    return { status, headers: responseHeaders, data: data ?? null, errors };
  }

  /** Sends objects as JSON; text, bytes and forms unchanged. */
  async send<T = Record<string, unknown>>(
    method: string,
    path: string,
    body?: unknown,
    headers: RequestHeaders = {},
  ): Promise<TestResponse<T>> {
    const raw = typeof body === 'string' || body instanceof Uint8Array || body instanceof FormData;
    const response = await fetch(new URL(path, this.url), {
      method,
      redirect: 'manual',
      headers: {
        ...this.headers,
        ...(body !== undefined && !(body instanceof FormData) ? { 'content-type': 'application/json' } : {}),
        ...headers,
      },
      ...(body === undefined
        ? {}
        : { body: raw ? (body as NonNullable<RequestInit['body']>) : JSON.stringify(body) }),
    });
    const bytes = new Uint8Array(await response.arrayBuffer());
    const text = new TextDecoder().decode(bytes);
    const json = /[/+]json\b/.test(response.headers.get('content-type') ?? '') && text !== '';
    const parsed: unknown = json ? JSON.parse(text) : text;
    const code = response.status >= 400 ? (parsed as ProblemBody).code : undefined;
    expectDeclared(method, response.url ? new URL(response.url).pathname : path, {
      status: response.status,
      code,
      etag: response.headers.get('etag'),
    });
    return { status: response.status, headers: response.headers, body: parsed as T, bytes };
  }
}

interface ProblemBody {
  type?: string;
  title?: string;
  status?: number;
  code?: string;
  traceId?: string;
  errors?: { pointer?: string; parameter?: string }[];
}

/** Expects a complete problem response without internal details; `pointer` must be among its `errors`. */
export function expectProblem(
  response: TestResponse<unknown>,
  status: number,
  code: string,
  pointer?: string,
): void {
  const problem = response.body as ProblemBody;
  expect({ status: response.status, code: problem.code ?? problem }).toEqual({ status, code });
  expect(response.headers.get('content-type')).toMatch(/^application\/problem\+json/);
  expect(problem).toMatchObject({
    type: expect.stringMatching(new RegExp(`/errors/${code.replace('.', '\\.')}$`)) as string,
    title: expect.any(String) as string,
    status,
  });
  expect(JSON.stringify(problem)).not.toMatch(/\bat .*\.(ts|js):\d|node_modules|SELECT |INSERT INTO/);
  if (pointer !== undefined) {
    expect(problem.errors?.map((error) => error.pointer ?? error.parameter)).toContain(pointer);
  }
}
