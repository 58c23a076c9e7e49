import { createHmac } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createRefund, createTransfer, initialize, read } from './paystack-routes.js';
import {
  disputeBody,
  type FakeRefund,
  ok,
  PaystackState,
  refuse,
  type Reply,
  transactionBody,
} from './paystack-state.js';

export const SECRET_KEY = 'sk_test_0123456789abcdefghij';

interface Fault {
  /** Such as `POST /refund`: method and path, without the reference at its end. */
  route: string;
  /** `lost`: the request has its effect, but no response. */
  kind: 'lost' | 'fail' | 'limited' | 'garbage';
  times: number;
}

/** A stateful Paystack that enforces the documented rules of keys, references, units, minimums and refunds. */
export class FakePaystack {
  readonly state = new PaystackState();
  /** The requests so far: method and path. */
  readonly requests: string[] = [];
  /** Those that were refused because of their key. */
  readonly refused: string[] = [];
  /** The only valid key, which also signs webhooks. */
  secretKey = SECRET_KEY;
  webhookUrl: string | null = null;
  /** Webhooks are lost while payments does not run. */
  losesWebhooks = false;
  /** The status of new transfers. */
  transferStatus = 'pending';
  private faults: Fault[] = [];

  private constructor(
    private readonly server: ReturnType<typeof createServer>,
    readonly url: string,
  ) {
    server.on('request', (request, response) => void this.handle(request, response));
  }

  static async start(): Promise<FakePaystack> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new FakePaystack(server, `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  }

  get env(): Record<string, string> {
    return {
      PAYMENT_PROVIDERS: 'paystack',
      PAYSTACK_API_URL: this.url,
      PAYSTACK_SECRET_KEY: SECRET_KEY,
      PAYSTACK_CUSTOMER_EMAIL_DOMAIN: 'no-mail.example.com',
      CLIENT_URLS: 'booking=https://example.com/bookings/{bookingId}',
      PROVIDER_TIMEOUT_SECONDS: '2',
      PAYMENT_CHECK_SECONDS: '1',
    };
  }

  /** The faults of the next requests. */
  fail(...faults: (Omit<Fault, 'times'> & { times?: number })[]): void {
    this.faults = faults.map((fault) => ({ times: 1, ...fault }));
  }

  /** The guest pays on the page at this URL. */
  async pay(pageUrl: string | null): Promise<void> {
    const status = await statusOf(fetch(pageUrl ?? '', { method: 'POST' }));
    if (status !== 200) throw new Error(`the page of Paystack responded with ${status}`);
  }

  /** Reports the successful charge again. */
  async sendCharge(reference: string): Promise<void> {
    const transaction = this.state.byReference(reference);
    if (transaction) await this.send('charge.success', transactionBody(transaction));
  }

  /** Finishes a refund. */
  async finishRefund(refund: FakeRefund, status: FakeRefund['status']): Promise<void> {
    refund.status = status;
    const transaction = this.state.transaction(refund.transaction);
    if (!transaction) throw new Error('a refund without a transaction');
    if (status === 'failed') this.state.balance += refund.amount;
    if (status === 'processed' && this.state.refundable(transaction) === 0) transaction.status = 'reversed';
    await this.send(`refund.${status}`, {
      status,
      transaction_reference: transaction.reference,
      refund_reference: null,
      amount: String(refund.amount),
      currency: refund.currency,
      domain: 'test',
    });
  }

  openDispute(reference: string, refundAmount: number): number {
    const transaction = this.state.byReference(reference);
    if (!transaction) throw new Error('no such transaction');
    const id = this.state.newId();
    this.state.disputes.push({
      id,
      transaction: transaction.id,
      refundAmount,
      status: 'awaiting-merchant-feedback',
      resolution: null,
      dueAt: '2030-02-01T18:00:00.000Z',
    });
    return id;
  }

  sendDispute(id: number, event: string): Promise<void> {
    const dispute = this.state.disputes.find((each) => each.id === id);
    if (!dispute) throw new Error('no such dispute');
    return this.send(event, disputeBody(dispute, this.state));
  }

  /** Sends a signed webhook, unless webhooks are off. */
  private async send(event: string, data: object): Promise<void> {
    if (this.webhookUrl === null) return;
    const body = JSON.stringify({ event, data });
    const signature = createHmac('sha512', this.secretKey).update(body).digest('hex');
    const headers = { 'content-type': 'application/json', 'x-paystack-signature': signature };
    try {
      const status = await statusOf(fetch(this.webhookUrl, { method: 'POST', headers, body }));
      if (status !== 200) throw new Error(`payments responded to ${event} with ${status}`);
    } catch (error) {
      if (!this.losesWebhooks) throw error;
    }
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const raw = (await Array.fromAsync(request as AsyncIterable<Buffer>)).join('');
    const url = new URL(request.url ?? '/', this.url);
    const call = `${request.method} ${url.pathname}`;
    const fault = this.takeFault(call);
    if (fault === 'fail' || fault === 'limited') {
      return respond(
        response,
        refuse(fault === 'fail' ? 500 : 429, 'Please wait a few minutes and try again.'),
      );
    }
    if (fault === 'garbage') {
      response.writeHead(200, { 'content-type': 'text/html' }).end('<html>secret of a proxy</html>');
      return;
    }
    const reply = await this.reply(request, url, raw);
    if (fault === 'lost') response.destroy();
    else respond(response, reply);
  }

  private takeFault(call: string): Fault['kind'] | null {
    const fault = this.faults.find(({ route, times }) => times > 0 && call.startsWith(route));
    if (!fault) return null;
    fault.times -= 1;
    return fault.kind;
  }

  private async reply(request: IncomingMessage, url: URL, raw: string): Promise<Reply> {
    if (url.pathname.startsWith('/checkout/')) return this.checkout(url.pathname.split('/').at(-1) ?? '');
    this.requests.push(`${request.method} ${url.pathname}`);
    if (request.headers.authorization !== `Bearer ${this.secretKey}`) {
      this.refused.push(`${request.method} ${url.pathname}`);
      return refuse(401, 'Invalid key', 'invalid_Key');
    }
    if (request.method === 'GET') return read(this.state, url);
    const body = JSON.parse(raw) as Record<string, unknown>;
    switch (url.pathname) {
      case '/transaction/initialize':
        return initialize(this.state, this.url, body);
      case '/refund':
        return createRefund(this.state, body);
      case '/transfer':
        return createTransfer(this.state, this.transferStatus, body);
      default:
        return refuse(404, 'Not found', 'not_found');
    }
  }

  private async checkout(accessCode: string): Promise<Reply> {
    const transaction = this.state.transactions.find((each) => each.accessCode === accessCode);
    if (transaction?.status !== 'abandoned') return refuse(400, 'The transaction is not open');
    transaction.status = 'success';
    await this.send('charge.success', transactionBody(transaction));
    return ok('Paid', {});
  }
}

/** Reads the body as well: a response that is not read keeps its connection open. */
async function statusOf(call: Promise<Response>): Promise<number> {
  const response = await call;
  await response.arrayBuffer();
  return response.status;
}

function respond(response: ServerResponse, { status, body }: Reply): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
