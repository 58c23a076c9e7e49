/** The routes of the sandbox provider that control its outcomes, and the page of its bank. */
export class SandboxControl {
  constructor(private readonly url: string) {}

  /** How webhooks are delivered from now on. */
  switches(body: { drop?: number; copies?: number; shuffleMs?: number }): Promise<void> {
    return this.request('PUT', '/control/switches', body);
  }

  dispute(intentId: string, step: 'open' | 'won' | 'lost', amountMinor?: number): Promise<void> {
    return this.request('POST', `/control/payment-intents/${intentId}/disputes/${step}`, { amountMinor });
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

  private async request(method: string, path: string, body: object): Promise<void> {
    const response = await fetch(new URL(path, this.url), {
      method,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    // 409: the state of the payment does not allow it.
    expect([200, 409]).toContain(response.status);
  }
}
