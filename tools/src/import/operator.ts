import { setTimeout as pause } from 'node:timers/promises';
import { ImportFailed } from './import-failed.js';

/** How long Roost may be away, or tell us to wait, before the run gives up. */
const PATIENCE_MS = 120_000;
const TIMEOUT_MS = 120_000;
const AWAY = new Set([429, 502, 503]);

export interface Reply {
  status: number;
  body: unknown;
}

interface Problem {
  code?: string;
  detail?: string;
}

/** Speaks to Roost with an operator's token, and waits as told to (429, 503) or while it is away. */
export class Operator {
  private constructor(
    private readonly url: string,
    private token: string,
    private readonly renew: (() => Promise<string>) | null,
  ) {}

  /** With the token that was given; in development there is a new administrator for each run. */
  static async at(url: string, token: string | undefined): Promise<Operator> {
    const base = url.replace(/\/+$/, '');
    if (token !== undefined) return new Operator(base, token, null);
    const renew = () => developmentToken(base);
    return new Operator(base, await renew(), renew);
  }

  /** Sends a batch of which nothing is done twice: it may be sent again when the answer was lost. */
  async post(path: string, body: string): Promise<Reply> {
    const givesUpAt = performance.now() + PATIENCE_MS;
    for (let pauseMs = 250, renewed = false; ; pauseMs = Math.min(pauseMs * 2, 5_000)) {
      const { answer, failure } = await this.try(path, body);
      if (answer?.status === 401 && this.renew && !renewed) {
        renewed = true;
        this.token = await this.renew();
        continue;
      }
      const away = answer === undefined || AWAY.has(answer.status);
      if (away && performance.now() < givesUpAt) {
        const told = Number(answer?.headers.get('retry-after'));
        await pause(told > 0 ? told * 1000 : pauseMs);
        continue;
      }
      if (answer === undefined) throw unreachable(this.url, failure);
      return await this.read(path, answer);
    }
  }

  private async try(
    path: string,
    body: string,
  ): Promise<{ answer: Response; failure?: undefined } | { answer?: undefined; failure: unknown }> {
    try {
      const answer = await fetch(this.url + path, {
        method: 'POST',
        headers: { authorization: `Bearer ${this.token}`, 'content-type': 'application/json' },
        body,
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      return { answer };
    } catch (failure) {
      return { failure };
    }
  }

  private async read(path: string, answer: Response): Promise<Reply> {
    const { status } = answer;
    const body = (await answer.json().catch(() => null)) as unknown;
    const { code, detail } = (body ?? {}) as Problem;
    if (status === 401) {
      throw new ImportFailed(
        `Roost does not accept the operator's token (${code ?? status}): give a fresh one and run it again, nothing comes in twice`,
      );
    }
    if (status === 403) throw new ImportFailed(`The token is no administrator's (${code ?? status})`);
    if (status === 404) throw new ImportFailed(`${this.url} has no ${path}: is that service running?`);
    if (AWAY.has(status)) {
      throw new ImportFailed(`${path} did not answer for two minutes: ${detail ?? code ?? status}`);
    }
    return { status, body };
  }
}

async function developmentToken(url: string): Promise<string> {
  let answer: Response;
  try {
    answer = await fetch(`${url}/dev/users`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ roles: ['admin'], emailVerified: true }),
      signal: AbortSignal.timeout(30_000),
    });
  } catch (error) {
    throw unreachable(url, error);
  }
  if (answer.status !== 201) {
    throw new ImportFailed(
      `${url} makes no development users (${answer.status}): give an administrator's token with --token or ROOST_ADMIN_TOKEN`,
    );
  }
  return ((await answer.json()) as { accessToken: string }).accessToken;
}

function unreachable(url: string, failure: unknown): ImportFailed {
  const { cause, message } = failure as { cause?: { code?: string }; message?: string };
  const reason = cause?.code ?? message ?? 'no answer';
  return new ImportFailed(`Nothing answers at ${url} (${reason}). Start Roost with: npm start`);
}
