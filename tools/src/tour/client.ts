import { setTimeout as pause } from 'node:timers/promises';

export interface ApiResponse<T = Record<string, unknown>> {
  status: number;
  headers: Headers;
  body: T;
}

export interface RequestOptions {
  headers?: Record<string, string>;
  form?: FormData;
}

/** An unexpected response, with the call that caused it. */
export class UnexpectedResponse extends Error {}

/** An API client, with the token of a user after sign-in. It waits as long as `Retry-After` says (429, 503). */
export class Client {
  private last = '';

  constructor(
    private readonly url: string,
    private readonly token?: string,
  ) {}

  withToken(token: string): Client {
    return new Client(this.url, token);
  }

  get<T>(path: string, options?: RequestOptions): Promise<ApiResponse<T>> {
    return this.call<T>('GET', path, undefined, options);
  }

  post<T>(path: string, body?: unknown, options?: RequestOptions): Promise<ApiResponse<T>> {
    return this.call<T>('POST', path, body, options);
  }

  put<T>(path: string, body: unknown, options?: RequestOptions): Promise<ApiResponse<T>> {
    return this.call<T>('PUT', path, body, options);
  }

  /** Reads `path` until `done` is true, with `Prefer: wait` where the route supports it. Fails after `seconds`. */
  async until<T>(
    path: string,
    done: (response: ApiResponse<T>) => boolean,
    options: { seconds?: number; headers?: Record<string, string> } = {},
  ): Promise<ApiResponse<T>> {
    const deadline = Date.now() + (options.seconds ?? 20) * 1000;
    let etag: string | null = null;
    for (;;) {
      const response: ApiResponse<T> = await this.get<T>(path, {
        headers: { Prefer: 'wait=5', ...(etag ? { 'If-None-Match': etag } : {}), ...options.headers },
      });
      if (response.status < 300 && done(response)) return response;
      // Missing data may arrive; an invalid request stays invalid.
      if ([400, 401, 403, 422].includes(response.status))
        throw this.wrong('the request was rejected', response);
      if (Date.now() > deadline) throw this.wrong('the expected state was not reached', response);
      etag = response.headers.get('etag') ?? etag;
      await pause(100);
    }
  }

  /** Fails unless the response has this status (and, for a problem, this code). */
  expect<T>(response: ApiResponse<T>, status: number, code?: string): ApiResponse<T> {
    if (response.status !== status) throw this.wrong(`expected ${status}`, response);
    const got = (response.body as { code?: string } | null)?.code;
    if (code !== undefined && got !== code) throw this.wrong(`expected the code ${code}`, response);
    if (code !== undefined && !response.headers.get('content-type')?.startsWith('application/problem+json')) {
      throw this.wrong('expected application/problem+json', response);
    }
    return response;
  }

  wrong(what: string, response: ApiResponse<unknown>): UnexpectedResponse {
    const body = typeof response.body === 'string' ? response.body : JSON.stringify(response.body, null, 2);
    return new UnexpectedResponse(
      `${what}\n${this.last} returned ${response.status}\n${body.slice(0, 4000)}`,
    );
  }

  private async call<T>(
    method: string,
    path: string,
    body: unknown,
    options: RequestOptions = {},
  ): Promise<ApiResponse<T>> {
    this.last = `${method} ${path}`;
    const headers: Record<string, string> = { ...options.headers };
    if (this.token) headers.Authorization = `Bearer ${this.token}`;
    if (body !== undefined) headers['Content-Type'] = 'application/json';
    const payload = options.form ?? (body === undefined ? undefined : JSON.stringify(body));

    for (let attempt = 1; ; attempt++) {
      const response = await fetch(this.url + path, {
        method,
        headers,
        body: payload,
        redirect: 'manual',
        signal: AbortSignal.timeout(30_000),
      });
      const retryAfter = Number(response.headers.get('retry-after'));
      if ((response.status === 429 || response.status === 503) && retryAfter > 0 && attempt < 5) {
        await response.arrayBuffer();
        console.log(`    waiting ${retryAfter} s for ${method} ${path} (${response.status})`);
        await pause(retryAfter * 1000);
        continue;
      }
      const text = await response.text();
      const json = /[/+]json/.test(response.headers.get('content-type') ?? '');
      return {
        status: response.status,
        headers: response.headers,
        body: (json && text ? JSON.parse(text) : text) as T,
      };
    }
  }
}
