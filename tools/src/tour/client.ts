import { setTimeout as pause } from 'node:timers/promises';

export interface Answer<T = Record<string, unknown>> {
  status: number;
  headers: Headers;
  body: T;
}

export interface RequestOptions {
  headers?: Record<string, string>;
  form?: FormData;
}

/** What a wrong answer is reported with: the call, and what came back. */
export class WrongAnswer extends Error {}

/** A caller of Roost: an address and, once somebody has logged in, a token. Waits when it is told to (429, 503). */
export class Client {
  private last = '';

  constructor(
    private readonly url: string,
    private readonly token?: string,
  ) {}

  withToken(token: string): Client {
    return new Client(this.url, token);
  }

  get<T>(path: string, options?: RequestOptions): Promise<Answer<T>> {
    return this.call<T>('GET', path, undefined, options);
  }

  post<T>(path: string, body?: unknown, options?: RequestOptions): Promise<Answer<T>> {
    return this.call<T>('POST', path, body, options);
  }

  put<T>(path: string, body: unknown, options?: RequestOptions): Promise<Answer<T>> {
    return this.call<T>('PUT', path, body, options);
  }

  /** Reads `path` until `done` says so; a long poll where the route offers one. Fails after `seconds`. */
  async until<T>(
    path: string,
    done: (answer: Answer<T>) => boolean,
    options: { seconds?: number; headers?: Record<string, string> } = {},
  ): Promise<Answer<T>> {
    const deadline = Date.now() + (options.seconds ?? 20) * 1000;
    let etag: string | null = null;
    for (;;) {
      const answer: Answer<T> = await this.get<T>(path, {
        headers: { Prefer: 'wait=5', ...(etag ? { 'If-None-Match': etag } : {}), ...options.headers },
      });
      if (answer.status < 300 && done(answer)) return answer;
      // Not there yet is worth another look; a wrong question stays wrong.
      if ([400, 401, 403, 422].includes(answer.status)) throw this.wrong('this is refused', answer);
      if (Date.now() > deadline) throw this.wrong('this never became what it should', answer);
      etag = answer.headers.get('etag') ?? etag;
      await pause(100);
    }
  }

  /** Fails unless the answer has this status (and, for a problem, this code). */
  expect<T>(answer: Answer<T>, status: number, code?: string): Answer<T> {
    if (answer.status !== status) throw this.wrong(`expected ${status}`, answer);
    const got = (answer.body as { code?: string } | null)?.code;
    if (code !== undefined && got !== code) throw this.wrong(`expected the code ${code}`, answer);
    if (code !== undefined && !answer.headers.get('content-type')?.startsWith('application/problem+json')) {
      throw this.wrong('expected application/problem+json', answer);
    }
    return answer;
  }

  wrong(what: string, answer: Answer<unknown>): WrongAnswer {
    const body = typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body, null, 2);
    return new WrongAnswer(`${what}\n${this.last} answered ${answer.status}\n${body.slice(0, 4000)}`);
  }

  private async call<T>(
    method: string,
    path: string,
    body: unknown,
    options: RequestOptions = {},
  ): Promise<Answer<T>> {
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
        console.log(`    told to wait ${retryAfter} s by ${method} ${path} (${response.status})`);
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
