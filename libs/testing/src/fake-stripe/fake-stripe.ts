import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { FakeAccount, StripeFault } from './account.js';
import { type Answer, errorBody, send, STRIPE_KEY } from './answer.js';
import { type FormObject, parseForm, textOf } from './form.js';
import { newId, type StripeObject } from './objects.js';
import { sign, STRIPE_WEBHOOK_SECRET } from './sign.js';

export { sign, STRIPE_KEY, STRIPE_WEBHOOK_SECRET };

/**
 * silent: done, and no response for a minute · drop: done, and the connection is closed · garbage: done, and the response is
 * no JSON · 500, 409, 429: nothing is done · stored-500: as 500, and the key returns it from then on
 */
export type FaultKind = 'silent' | 'drop' | 'garbage' | '409' | '429' | '500' | 'stored-500';

interface Fault {
  route: 'create' | 'confirm' | 'capture' | 'cancel' | 'refund' | 'transfer' | 'read';
  kind: FaultKind;
  times: number;
}

export interface SentRequest {
  method: string;
  path: string;
  form: FormObject;
  /** The body of a POST, the query of a GET. */
  raw: string;
  headers: IncomingMessage['headers'];
}

const BANK = '/3d_secure_2/';

/** A stateful Stripe that speaks its wire format, for one account. */
export class FakeStripe {
  readonly account = new FakeAccount(
    (type, object) => this.emit(type, object),
    () => this.url,
  );
  /** Every request that arrived. */
  readonly requests: SentRequest[] = [];
  /** Every successful response: [path, body]. */
  readonly responses: [string, unknown][] = [];
  webhookUrl: string | null = null;
  /** Several while a key is rotated. */
  acceptedKeys: readonly string[] = [STRIPE_KEY];
  private readonly keys = new Map<string, { hash: string; answer: Answer }>();
  private readonly indexed = new Set<string>();
  private faults: Fault[] = [];
  private readonly deliveries = new Set<Promise<unknown>>();
  private readonly server = createServer((request, response) => void this.serve(request, response));

  static async start(): Promise<FakeStripe> {
    const fake = new FakeStripe();
    fake.server.listen(0, '127.0.0.1');
    await once(fake.server, 'listening');
    return fake;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  get env(): Record<string, string> {
    return {
      PAYMENT_PROVIDERS: 'stripe',
      STRIPE_API_URL: this.url,
      STRIPE_SECRET_KEY: STRIPE_KEY,
      STRIPE_PUBLISHABLE_KEY: 'pk_test_of_the_specs',
      STRIPE_WEBHOOK_SECRET,
      PROVIDER_TIMEOUT_SECONDS: '2',
      PAYMENT_CHECK_SECONDS: '1',
    };
  }

  /** Replaces the planned faults. The library repeats a call once: two times reach the adapter. */
  plan(...faults: { route: Fault['route']; kind: FaultKind; times?: number }[]): void {
    this.faults = faults.map((fault) => ({ times: 2, ...fault }));
  }

  /** Makes all intents visible for the search, which lags behind. */
  reindex(): void {
    for (const id of this.account.intents.keys()) this.indexed.add(id);
  }

  /** Forgets all idempotency keys, as Stripe does after a day. */
  forgetKeys(): void {
    this.keys.clear();
  }

  intentOf(paymentId: string) {
    const intents = [...this.account.intents.values()].filter(
      ({ metadata }) => metadata.paymentId === paymentId,
    );
    expect(intents).toHaveLength(1);
    return intents[0]!;
  }

  /** The amounts of all successful charges of an intent. */
  chargesOf(intentId: string): number[] {
    return [...this.account.charges.values()]
      .filter((charge) => charge.payment_intent === intentId && charge.status === 'succeeded')
      .map(({ amount }) => amount);
  }

  refundsOf(intentId: string) {
    return [...this.account.refunds.values()].filter(({ payment_intent }) => payment_intent === intentId);
  }

  async stop(): Promise<void> {
    await Promise.all(this.deliveries);
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', this.url);
    const method = request.method ?? 'GET';
    const raw = method === 'POST' ? await text(request) : url.search.slice(1);
    const form = parseForm(raw);
    if (url.pathname.startsWith(BANK)) {
      this.serveBank(method, url.pathname.slice(BANK.length), form, response);
      return;
    }
    const { headers } = request;
    const key = headers['idempotency-key'] as string | undefined;
    this.requests.push({ method, path: url.pathname, form, raw, headers });
    response.setHeader('request-id', newId('req'));
    if (!this.acceptedKeys.some((accepted) => headers.authorization === `Bearer ${accepted}`)) {
      send(response, { status: 401, body: errorBody({ type: 'invalid_request_error' }) });
      return;
    }
    const fault = this.takeFault(method, url.pathname);
    const hash = createHash('sha256').update(`${method} ${url.pathname} ${raw}`).digest('hex');
    const stored = key === undefined || method === 'GET' ? undefined : this.keys.get(key);
    if (stored) response.setHeader('idempotent-replayed', 'true');
    const answer = stored ? replay(stored, hash) : this.answer(method, url.pathname, form, fault);
    if (!stored && key !== undefined && method === 'POST' && isStored(answer, fault)) {
      this.keys.set(key, { hash, answer });
    }
    if (answer.status === 200) this.responses.push([url.pathname, structuredClone(answer.body)]);
    if (fault === 'drop') request.socket.destroy();
    else if (fault === 'garbage') response.end('<html>It works</html>');
    else if (fault !== 'silent') send(response, answer);
  }

  /** The page of the guest's bank, which sends the browser back to the client. */
  private serveBank(method: string, id: string, form: FormObject, response: ServerResponse): void {
    const { next_action: action } = this.account.intent(id);
    if (method === 'GET') {
      response.setHeader('content-type', 'text/html');
      response.end('<form method="post"><button name="outcome" value="approve">Approve</button></form>');
      return;
    }
    this.account.decide(id, form.outcome === 'approve' ? 'approve' : 'refuse');
    response.writeHead(303, { location: action?.redirect_to_url?.return_url }).end();
  }

  private answer(method: string, path: string, form: FormObject, fault: FaultKind | undefined): Answer {
    const status = Number(fault?.replace('stored-', ''));
    if (status > 0) return { status, body: errorBody({ type: 'api_error', code: 'lock_timeout' }) };
    try {
      const body = this.route(method, path.split('/').slice(2), form);
      return { status: 200, body: structuredClone(body) };
    } catch (error) {
      if (error instanceof RangeError) {
        return {
          status: 400,
          body: errorBody({ type: 'invalid_request_error', code: 'parameter_invalid_integer' }),
        };
      }
      if (error instanceof StripeFault) return { status: error.status, body: errorBody(error.error) };
      throw error;
    }
  }

  private route(method: string, [resource = '', id, action]: string[], form: FormObject): unknown {
    const { account } = this;
    switch (
      `${method} ${resource}${id === undefined ? '' : '/:id'}${action === undefined ? '' : `/${action}`}`
    ) {
      case 'POST payment_intents':
        return this.expand(account.createIntent(form), form);
      case 'GET payment_intents':
        return this.list(resource, account.intents, form);
      case 'GET payment_intents/:id':
        return id === 'search' ? this.search(form) : this.expand(account.intent(id ?? ''), form);
      case 'POST payment_intents/:id/confirm':
        return this.expand(account.confirm(id ?? '', form), form);
      case 'POST payment_intents/:id/capture':
        return this.expand(account.capture(id ?? '', form), form);
      case 'POST payment_intents/:id/cancel':
        return this.expand(account.cancel(id ?? ''), form);
      case 'POST refunds':
        return account.createRefund(form);
      case 'GET refunds':
        return this.list(resource, account.refunds, form);
      case 'GET disputes':
        return this.list(resource, account.disputes, form);
      case 'GET disputes/:id':
        return account.get(account.disputes, id ?? '');
      case 'POST transfers':
        return account.createTransfer(form);
      case 'GET transfers':
        return this.list(resource, account.transfers, form);
      case 'GET transfers/:id':
        return account.get(account.transfers, id ?? '');
      default:
        throw new StripeFault(404, { type: 'invalid_request_error', code: 'url_invalid' });
    }
  }

  /** Newest first, as Stripe lists. */
  private list(resource: string, objects: ReadonlyMap<string, StripeObject>, form: FormObject) {
    const since = Number((form.created as FormObject | undefined)?.gte ?? 0);
    const matching = [...objects.values()]
      .reverse()
      .filter(
        (object) =>
          (object as unknown as { created: number }).created >= since &&
          ['payment_intent', 'transfer_group'].every(
            (name) => form[name] === undefined || (object as unknown as FormObject)[name] === form[name],
          ),
      );
    const start = matching.findIndex(({ id }) => id === form.starting_after) + 1;
    const limit = Number(textOf(form.limit) ?? 10);
    const page = matching.slice(start, start + limit);
    const data = page.map((object) => this.expand(object, form));
    return { object: 'list', url: `/v1/${resource}`, has_more: matching.length > start + limit, data };
  }

  private search(form: FormObject) {
    const [, name = '', value] = /^metadata\['(\w+)'\]:'([^']*)'$/.exec(textOf(form.query) ?? '') ?? [];
    const data = [...this.account.intents.values()]
      .filter(({ id, metadata }) => this.indexed.has(id) && metadata[name] === value)
      .map((intent) => this.expand(intent, form));
    return {
      object: 'search_result',
      url: '/v1/payment_intents/search',
      has_more: false,
      data,
      next_page: null,
    };
  }

  private expand(object: StripeObject, form: FormObject): StripeObject {
    const names = Array.isArray(form.expand) ? form.expand : [];
    const { latest_charge } = object as { latest_charge?: string | null };
    if (!latest_charge || !names.some((name) => name.endsWith('latest_charge'))) return object;
    return { ...object, latest_charge: this.account.charges.get(latest_charge) } as StripeObject;
  }

  private takeFault(method: string, path: string): FaultKind | undefined {
    const route = method === 'GET' ? 'read' : routeOf(path);
    const fault = this.faults.find((each) => each.route === route && each.times > 0);
    if (fault) fault.times -= 1;
    return fault?.kind;
  }

  private emit(type: string, object: StripeObject): void {
    if (this.webhookUrl === null) return;
    const event = {
      id: newId('evt'),
      object: 'event',
      api_version: '2026-10-28.endive',
      type,
      data: { object },
    };
    const body = JSON.stringify({
      ...event,
      created: 0,
      livemode: false,
      pending_webhooks: 1,
      request: null,
    });
    const delivery = fetch(this.webhookUrl, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'stripe-signature': sign(body) },
      body,
    }).catch(() => undefined);
    this.deliveries.add(delivery);
    void delivery.finally(() => this.deliveries.delete(delivery));
  }
}

const routeOf = (path: string): Fault['route'] => {
  const [, , resource, , action] = path.split('/');
  if (resource === 'refunds') return 'refund';
  if (resource === 'transfers') return 'transfer';
  return (action as Fault['route'] | undefined) ?? 'create';
};

/** Stripe stores every outcome of an endpoint that began to run. */
const isStored = ({ status }: Answer, fault: FaultKind | undefined) =>
  status < 500 ? status !== 409 && status !== 429 : fault === 'stored-500';

function replay(stored: { hash: string; answer: Answer }, hash: string): Answer {
  if (stored.hash === hash) return stored.answer;
  return { status: 400, body: errorBody({ type: 'idempotency_error' }) };
}
