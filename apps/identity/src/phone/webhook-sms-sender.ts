import { tracedFetch } from '@roost/http';
import { hmac, type SystemClock, timeoutSignal } from '@roost/platform';
import type { Tracing } from '@roost/tracing';
import { SmsSender, type TextMessage } from './sms-sender.port.js';

const TIMEOUT_MS = 10_000;

export interface WebhookSmsOptions {
  url: string;
  secret: string;
}

/** Posts each text message to the operator's own sender, signed as the webhooks of Stripe are. */
export class WebhookSmsSender extends SmsSender {
  constructor(
    private readonly options: WebhookSmsOptions,
    private readonly clock: SystemClock,
    private readonly tracing: Tracing,
  ) {
    super();
  }

  async send(message: TextMessage): Promise<void> {
    const { url, secret } = this.options;
    const body = JSON.stringify(message);
    const timestamp = Math.floor(this.clock.now().getTime() / 1000);
    const signature = hmac(secret, `${timestamp}.${body}`).toString('hex');
    const status = await tracedFetch(
      this.tracing,
      { peer: 'sms', method: 'POST', url, route: '/' },
      async (headers, onStatus) => {
        const response = await fetch(url, {
          method: 'POST',
          headers: {
            ...headers,
            'content-type': 'application/json',
            'roost-signature': `t=${timestamp},v1=${signature}`,
          },
          body,
          redirect: 'error',
          signal: timeoutSignal(TIMEOUT_MS),
        });
        await response.body?.cancel();
        onStatus(response.status);
        return response.status;
      },
    );
    if (status < 200 || status > 299)
      throw Object.assign(new Error('The sender did not accept the text message'), { code: String(status) });
  }
}
