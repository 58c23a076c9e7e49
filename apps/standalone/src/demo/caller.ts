import { setTimeout as pause } from 'node:timers/promises';
import { timeoutSignal } from '@roost/platform';

export type ServiceUrls = Record<'identity' | 'listings' | 'bookings' | 'payments' | 'reviews', string>;
type ServiceName = keyof ServiceUrls;

interface CallOptions {
  body?: object;
  token?: string;
}

interface Call {
  service: ServiceName;
  method: string;
  path: string;
}

const VISIBLE_WITHIN_MS = 20_000;
const RETRY_PAUSE_MS = 20;
const CALL_TIMEOUT_MS = 30_000;
const PASSWORD = 'roost-demo-password';

/** A service responded with an error status. */
export class FailedCall extends Error {
  constructor(
    call: string,
    readonly status: number,
    readonly code: string | null,
    body: string,
  ) {
    super(`${call} answered ${status}: ${body.slice(0, 500)}`);
  }
}

/** A client of the services with a demo account. It does not use the gateway, which limits rates. */
export class Caller {
  #token: Promise<string> | null = null;

  constructor(
    readonly name: string,
    private readonly urls: ServiceUrls,
    private readonly signal: AbortSignal,
  ) {}

  get<T>(service: ServiceName, path: string): Promise<T> {
    return this.#call<T>({ service, method: 'GET', path });
  }

  post<T>(service: ServiceName, path: string, body?: object): Promise<T> {
    return this.#call<T>({ service, method: 'POST', path }, body);
  }

  put<T>(service: ServiceName, path: string, body?: object): Promise<T> {
    return this.#call<T>({ service, method: 'PUT', path }, body);
  }

  patch<T>(service: ServiceName, path: string, body: object): Promise<T> {
    return this.#call<T>({ service, method: 'PATCH', path }, body);
  }

  /** Every item of a list, from all its pages. */
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

  /** Repeats a call while it returns null, or fails because an event has not reached the called service yet. */
  async eventually<T>(call: () => Promise<T | null>): Promise<T> {
    const deadline = performance.now() + VISIBLE_WITHIN_MS;
    for (;;) {
      const [result, error] = await call().then(
        (value): [T | null, unknown] => [value, null],
        (reason: unknown): [T | null, unknown] => [null, reason],
      );
      if (result !== null) return result;
      if (error && !(error instanceof FailedCall && isEarly(error))) throw error;
      if (performance.now() > deadline) {
        throw error ?? new Error(`${this.name}: no result within ${VISIBLE_WITHIN_MS / 1000} s`);
      }
      await pause(RETRY_PAUSE_MS, undefined, { signal: this.signal });
    }
  }

  async #call<T>(call: Call, body?: object): Promise<T> {
    this.#token ??= this.#logIn();
    const token = await this.#token;
    try {
      return await this.#send<T>(call, { body, token });
    } catch (error) {
      if (!(error instanceof FailedCall) || error.status !== 401) throw error;
      // A token expires during a long load.
      this.#token = this.#logIn();
      return await this.#send<T>(call, { body, token: await this.#token });
    }
  }

  async #logIn(): Promise<string> {
    const body = { email: `${this.name}@demo.roost.example`, password: PASSWORD };
    const { accessToken } = await this.#send<{ accessToken: string }>(
      { service: 'identity', method: 'POST', path: '/v1/auth/login' },
      { body },
    );
    return accessToken;
  }

  async #send<T>({ service, method, path }: Call, { body, token }: CallOptions): Promise<T> {
    const json = body !== undefined && !(body instanceof FormData);
    const response = await fetch(this.urls[service] + path, {
      method,
      headers: {
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(json ? { 'content-type': 'application/json' } : {}),
      },
      signal: AbortSignal.any([this.signal, timeoutSignal(CALL_TIMEOUT_MS)]),
      ...(body === undefined ? {} : { body: json ? JSON.stringify(body) : (body as FormData) }),
    });
    const text = await response.text();
    if (!response.ok) {
      const code = /"code":"([^"]+)"/.exec(text)?.[1] ?? null;
      throw new FailedCall(`${this.name}: ${method} ${path}`, response.status, code, text);
    }
    return (text ? JSON.parse(text) : null) as T;
  }
}

/** The called service has not handled a required event yet. */
const isEarly = ({ status, code }: FailedCall) => status === 404 || code === 'review.not_eligible';
