import { setTimeout as pause } from 'node:timers/promises';
import { ImportFailed } from './import-failed.js';

/** The run fails after this time without a usable response. */
const DEADLINE_MS = 120_000;
const TIMEOUT_MS = 120_000;
const RETRIABLE = new Set([429, 502, 503]);

export interface Reply {
  status: number;
  body: unknown;
}

interface Problem {
  code?: string;
  detail?: string;
}

/** A client with the token of an administrator. It retries while Roost is down, and after `Retry-After` on 429 and 503. */
export class Operator {
  private constructor(
    private readonly url: string,
    private token: string,
    private readonly renew: (() => Promise<string>) | null,
  ) {}

  /** Uses the given token; in development each run creates an administrator. */
  static async at(url: string, token: string | undefined): Promise<Operator> {
    const base = url.replace(/\/+$/, '');
    if (token !== undefined) return new Operator(base, token, null);
    const renew = () => developmentToken(base);
    return new Operator(base, await renew(), renew);
  }

  /** Sends a batch. Imports are idempotent, so it is sent again when the response was lost. */
  async post(path: string, body: string): Promise<Reply> {
    const deadline = performance.now() + DEADLINE_MS;
    for (let pauseMs = 250, renewed = false; ; pauseMs = Math.min(pauseMs * 2, 5_000)) {
      const { response, failure } = await this.try(path, body);
      if (response?.status === 401 && this.renew && !renewed) {
        renewed = true;
        this.token = await this.renew();
        continue;
      }
      const retriable = response === undefined || RETRIABLE.has(response.status);
      if (retriable && performance.now() < deadline) {
        const retryAfter = Number(response?.headers.get('retry-after'));
        await pause(retryAfter > 0 ? retryAfter * 1000 : pauseMs);
        continue;
      }
      if (response === undefined) throw unreachable(this.url, failure);
      return await this.read(path, response);
    }
  }

  private async try(
    path: string,
    body: string,
  ): Promise<{ response: Response; failure?: undefined } | { response?: undefined; failure: unknown }> {
    try {
      const response = await fetch(this.url + path, {
        method: 'POST',
        headers: { authorization: `Bearer ${this.token}`, 'content-type': 'application/json' },
        body,
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      return { response };
    } catch (failure) {
      return { failure };
    }
  }

  private async read(path: string, response: Response): Promise<Reply> {
    const { status } = response;
    const body = (await response.json().catch(() => null)) as unknown;
    const { code, detail } = (body ?? {}) as Problem;
    if (status === 401) {
      throw new ImportFailed(
        `Roost does not accept the operator's token (${code ?? status}): pass a new one and run the command again, nothing is imported twice`,
      );
    }
    if (status === 403)
      throw new ImportFailed(`The token does not belong to an administrator (${code ?? status})`);
    if (status === 404) throw new ImportFailed(`${this.url} has no ${path}: is that service running?`);
    if (RETRIABLE.has(status)) {
      throw new ImportFailed(`${path} did not respond for two minutes: ${detail ?? code ?? status}`);
    }
    return { status, body };
  }
}

async function developmentToken(url: string): Promise<string> {
  let response: Response;
  try {
    response = await fetch(`${url}/dev/users`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ roles: ['admin'], emailVerified: true }),
      signal: AbortSignal.timeout(30_000),
    });
  } catch (error) {
    throw unreachable(url, error);
  }
  if (response.status !== 201) {
    throw new ImportFailed(
      `${url} creates no development users (${response.status}): pass the token of an administrator with --token or ROOST_ADMIN_TOKEN`,
    );
  }
  return ((await response.json()) as { accessToken: string }).accessToken;
}

function unreachable(url: string, failure: unknown): ImportFailed {
  const { cause, message } = failure as { cause?: { code?: string }; message?: string };
  const reason = cause?.code ?? message ?? 'no response';
  return new ImportFailed(`Nothing responds at ${url} (${reason}). Start Roost with: npm start`);
}
