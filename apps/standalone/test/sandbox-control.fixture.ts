/** The routes of the sandbox provider that control its outcomes, and the page of its bank. */
export class SandboxControl {
  constructor(private readonly url: string) {}

  /** How webhooks are delivered from now on. */
  async switches(body: { drop?: number; copies?: number; shuffleMs?: number }): Promise<void> {
    expect((await this.request('PUT', '/control/switches', body)).status).toBe(200);
  }

  /** The number of recent webhooks that were not sent. */
  async lostWebhooks(): Promise<number> {
    const response = await this.request('GET', '/control/webhooks');
    const { data } = (await response.json()) as { data: { lost: boolean }[] };
    return data.filter(({ lost }) => lost).length;
  }

  /** Whether the state of the payment allowed it. */
  async dispute(intentId: string, step: 'open' | 'won' | 'lost', amountMinor?: number): Promise<boolean> {
    const path = `/control/payment-intents/${intentId}/disputes/${step}`;
    const { status } = await this.request('POST', path, { amountMinor });
    expect([200, 409]).toContain(status);
    return status === 200;
  }

  /** The guest answers at the page of the bank. */
  async answerBank(redirectUrl: string | null, outcome: 'approve' | 'refuse'): Promise<void> {
    const page = new URL(redirectUrl ?? '');
    const challenge = page.searchParams.get('challenge') ?? '';
    const response = await fetch(new URL(page.pathname, page), {
      method: 'POST',
      body: new URLSearchParams({ challenge, outcome }),
      redirect: 'manual',
    });
    expect(response.status).toBeLessThan(400);
  }

  private request(method: string, path: string, body?: object): Promise<Response> {
    const content = body && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
    return fetch(new URL(path, this.url), { method, ...content });
  }
}
