import { setTimeout as pause } from 'node:timers/promises';

export type ServiceUrls = Record<'identity' | 'listings' | 'bookings' | 'payments' | 'reviews', string>;
type ServiceName = keyof ServiceUrls;

const PATIENCE_MS = 20_000;
const PASSWORD = 'roost-demo-password';

/** An answer that the demo can't go on with. */
export class Unexpected extends Error {
  constructor(
    call: string,
    readonly status: number,
    readonly code: string | null,
    body: string,
  ) {
    super(`${call} answered ${status}: ${body.slice(0, 500)}`);
  }
}

/** Somebody with an account, calling the services as any client would, past the gateway and its rate limit. */
export class Caller {
  #token: Promise<string> | null = null;

  constructor(
    readonly name: string,
    private readonly urls: ServiceUrls,
    private readonly signal: AbortSignal,
  ) {}

  get<T>(service: ServiceName, path: string): Promise<T> {
    return this.#call<T>(service, 'GET', path);
  }

  post<T>(service: ServiceName, path: string, body?: object, key?: string): Promise<T> {
    return this.#call<T>(service, 'POST', path, body, key);
  }

  put<T>(service: ServiceName, path: string, body?: object): Promise<T> {
    return this.#call<T>(service, 'PUT', path, body);
  }

  patch<T>(service: ServiceName, path: string, body: object): Promise<T> {
    return this.#call<T>(service, 'PATCH', path, body);
  }

  /** Everything of a list. */
  async all<T>(service: ServiceName, path: string): Promise<T[]> {
    const found: T[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const query = `${path.includes('?') ? '&' : '?'}limit=100${cursor && `&cursor=${encodeURIComponent(cursor)}`}`;
      const page: { data: T[]; nextCursor: string | null } = await this.get(service, path + query);
      found.push(...page.data);
      cursor = page.nextCursor;
    }
    return found;
  }

  /** What one service says reaches the next by event: asks again until it has. */
  async eventually<T>(ask: () => Promise<T | null>): Promise<T> {
    const deadline = performance.now() + PATIENCE_MS;
    for (;;) {
      const [answer, error] = await ask().then(
        (value): [T | null, unknown] => [value, null],
        (reason: unknown): [T | null, unknown] => [null, reason],
      );
      if (answer !== null) return answer;
      if (error && !(error instanceof Unexpected && isEarly(error))) throw error;
      if (performance.now() > deadline) throw error ?? new Error(`${this.name} waited in vain`);
      await pause(20, undefined, { signal: this.signal });
    }
  }

  async #call<T>(
    service: ServiceName,
    method: string,
    path: string,
    body?: object,
    key?: string,
  ): Promise<T> {
    this.#token ??= this.#logIn();
    const token = await this.#token;
    try {
      return await this.#send<T>(service, method, path, body, { authorization: `Bearer ${token}` }, key);
    } catch (error) {
      if (!(error instanceof Unexpected) || error.status !== 401) throw error;
      // A long load outlives a token.
      this.#token = this.#logIn();
      const fresh = await this.#token;
      return await this.#send<T>(service, method, path, body, { authorization: `Bearer ${fresh}` }, key);
    }
  }

  async #logIn(): Promise<string> {
    const login = { email: `${this.name}@demo.roost.example`, password: PASSWORD };
    const { accessToken } = await this.#send<{ accessToken: string }>(
      'identity',
      'POST',
      '/v1/auth/login',
      login,
    );
    return accessToken;
  }

  async #send<T>(
    service: ServiceName,
    method: string,
    path: string,
    body?: object,
    headers: Record<string, string> = {},
    key?: string,
  ): Promise<T> {
    const json = body !== undefined && !(body instanceof FormData);
    const response = await fetch(this.urls[service] + path, {
      method,
      headers: {
        ...headers,
        ...(json ? { 'content-type': 'application/json' } : {}),
        ...(key ? { 'idempotency-key': key } : {}),
      },
      signal: AbortSignal.any([this.signal, AbortSignal.timeout(30_000)]),
      ...(body === undefined ? {} : { body: json ? JSON.stringify(body) : (body as FormData) }),
    });
    const text = await response.text();
    if (!response.ok) {
      const code = /"code":"([^"]+)"/.exec(text)?.[1] ?? null;
      throw new Unexpected(`${this.name}: ${method} ${path}`, response.status, code, text);
    }
    return (text ? JSON.parse(text) : null) as T;
  }
}

/** The event that makes it so has not arrived. */
const isEarly = ({ status, code }: Unexpected) => status === 404 || code === 'review.not_eligible';
