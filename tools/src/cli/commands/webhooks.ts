import type { WebhookAdminService, WebhookView } from '@roost/app-payments';
import { type Call, type Command, OperatorError, type Row, UsageError } from '../command.js';
import { confirm, CONFIRMED } from '../confirm.js';
import { since as sinceInstant } from '../since.js';
import { findSystem, LOCATION } from '../system.js';
import { wholeNumber } from '../whole-number.js';

const PROVIDERS = ['sandbox', 'stripe', 'paystack'] as const;
const OUTCOMES = ['applied', 'not-ours', 'unknown-type', 'parked', 'dismissed', 'pending'] as const;
const MOST = 10_000;
const PAGE_SIZE = 100;
const REASON = 'roost webhooks replay';

const WHICH = {
  provider: { type: 'string', description: `only those of ${PROVIDERS.join(', ')}` },
  outcome: { type: 'string', description: `only those with this outcome: ${OUTCOMES.join(', ')}` },
  type: { type: 'string', description: 'only those of this type' },
  payment: { type: 'string', description: 'only those of the payment with this id' },
  since: {
    type: 'string',
    description: 'only those received since an instant, or for a duration (2027-05-01T13:00:00Z, PT2H)',
  },
} as const;
const limitOf = (most: number) =>
  ({ type: 'string', description: `at most this many, the newest first (default: ${most})` }) as const;

export const command: Command = {
  summary: 'The webhooks of payment providers: stored, handled, parked.',
  actions: {
    list: {
      summary: 'Lists them, the newest first, without their bodies.',
      options: { ...WHICH, limit: limitOf(PAGE_SIZE), ...LOCATION },
      run: list,
    },
    show: {
      summary: 'Shows one, without its body, which contains secrets of the guest.',
      operands: '<provider> <id>',
      options: LOCATION,
      run: show,
    },
    replay: {
      summary:
        'Handles them again, the oldest first: the state of each is read from the provider. What was applied has no second effect.',
      options: {
        ...WHICH,
        limit: limitOf(MOST),
        id: { type: 'string', description: 'only the one with this id (with --provider)' },
        all: { type: 'boolean', description: 'all of them, if no other option selects some' },
        'dry-run': { type: 'boolean', description: 'only list those that would be handled again' },
        ...CONFIRMED,
        ...LOCATION,
      },
      run: replay,
    },
  },
};

async function withWebhooks<T>(
  { options }: Call,
  work: (webhooks: WebhookAdminService) => Promise<T>,
): Promise<T> {
  const { WebhookAdminService: Service } = await import('@roost/app-payments');
  const { withReplica } = await import('../replica.js');
  return withReplica(findSystem(options), 'payments', (payments) => work(payments.get(Service)));
}

async function list(call: Call): Promise<void> {
  const filter = filterOf(call);
  const limit = wholeNumber('limit', call.options.limit, MOST) ?? PAGE_SIZE;
  const found = await withWebhooks(call, (webhooks) => select(webhooks, filter, limit));
  call.out.result(found, found.map(row));
}

async function show(call: Call): Promise<void> {
  const [given, id] = call.operands;
  if (given === undefined || id === undefined || call.operands.length > 2)
    throw new UsageError('Pass the name of the provider and the id of the webhook.');
  const provider = oneOf('provider', given, PROVIDERS);
  const webhook = await withWebhooks(call, (webhooks) => find(webhooks, provider, id));
  call.out.result(
    webhook,
    Object.entries(webhook).map(([field, value]): Row => ({ field, value })),
  );
}

async function replay(call: Call): Promise<void> {
  const { options, out } = call;
  const filter = filterOf(call);
  const limit = wholeNumber('limit', options.limit, MOST) ?? MOST;
  requireSelection(call);
  await withWebhooks(call, async (webhooks) => {
    const selected = await selectForReplay(webhooks, filter, limit, options.id);
    if (options['dry-run'] === true || selected.length === 0) return out.result(selected, selected.map(row));
    await confirm(
      `${selected.length} ${selected.length === 1 ? 'webhook' : 'webhooks'} will be handled again`,
      options,
    );
    const handled: { before: WebhookView; after: WebhookView }[] = [];
    for (const before of selected.toReversed()) {
      const after = await webhooks.replay(before, { actor: 'command line', reason: REASON });
      handled.push({ before, after });
    }
    out.result(
      handled.map(({ after }) => after),
      handled.map(({ before, after }) => ({ ...row(after), before: before.outcome ?? 'pending' })),
    );
    const waiting = handled.filter(({ after }) => after.outcome === null).length;
    if (waiting > 0)
      throw new OperatorError(
        `The provider did not answer for ${waiting} of them. They are retried automatically.`,
      );
  });
}

type Filter = Parameters<WebhookAdminService['list']>[0];

function filterOf({ options: { provider, outcome, type, payment, since } }: Call): Omit<Filter, 'limit'> {
  return {
    ...(provider === undefined ? {} : { provider: oneOf('provider', provider, PROVIDERS) }),
    ...(outcome === undefined ? {} : { outcome: oneOf('outcome', outcome, OUTCOMES) }),
    ...(type === undefined ? {} : { type: String(type) }),
    ...(payment === undefined ? {} : { paymentId: uuid(String(payment)) }),
    ...(since === undefined ? {} : { from: sinceInstant(String(since)).toISOString() }),
  };
}

/** Up to `limit` webhooks, the newest first. */
async function select(
  webhooks: WebhookAdminService,
  filter: Omit<Filter, 'limit'>,
  limit: number,
): Promise<WebhookView[]> {
  const found: WebhookView[] = [];
  for (let cursor: string | null = null; found.length < limit;) {
    const page: Awaited<ReturnType<WebhookAdminService['list']>> = await webhooks.list({
      ...filter,
      limit: Math.min(PAGE_SIZE, limit - found.length),
      ...(cursor === null ? {} : { cursor }),
    });
    found.push(...page.data);
    cursor = page.nextCursor;
    if (cursor === null) break;
  }
  return found;
}

async function selectForReplay(
  webhooks: WebhookAdminService,
  filter: Omit<Filter, 'limit'>,
  limit: number,
  id: string | boolean | undefined,
): Promise<WebhookView[]> {
  if (id === undefined) return select(webhooks, filter, limit);
  return [await find(webhooks, filter.provider ?? '', String(id))];
}

async function find(webhooks: WebhookAdminService, provider: string, id: string): Promise<WebhookView> {
  return webhooks.find({ provider, id }).catch((error: unknown) => {
    if ((error as { code?: string }).code !== 'webhook.not_found') throw error;
    throw new OperatorError(`${provider} has sent no webhook ${id}.`);
  });
}

function requireSelection({ options }: Call): void {
  const { provider, id, all } = options;
  if (id !== undefined && provider === undefined) throw new UsageError('--id needs --provider.');
  const selects = ['provider', 'outcome', 'type', 'payment', 'since', 'id'];
  if (all !== true && selects.every((name) => options[name] === undefined))
    throw new UsageError(`Select some with --${selects.join(', --')}, or pass --all.`);
}

function oneOf<T extends string>(option: string, given: string | boolean, allowed: readonly T[]): T {
  const found = allowed.find((each) => each === given);
  if (found === undefined) throw new UsageError(`--${option} must be one of ${allowed.join(', ')}.`);
  return found;
}

function uuid(given: string): string {
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(given))
    throw new UsageError('--payment must be the id of a payment.');
  return given.toLowerCase();
}

const row = (webhook: WebhookView): Row => ({
  provider: webhook.provider,
  id: webhook.id,
  type: webhook.type,
  payment: webhook.paymentId,
  received: webhook.receivedAt,
  tries: webhook.tries,
  outcome: webhook.outcome ?? 'pending',
  reason: webhook.parkReason,
});
