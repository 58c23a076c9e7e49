import { Metrics } from '@roost/platform';
import { measureProvider } from './measure-provider.js';
import { type PaymentProvider, ProviderRejection, ProviderUnavailable } from './provider.port.js';

class Provider {
  readonly name = 'sandbox';
  readonly disputes = null;
  readonly transfers = { create: () => Promise.reject(new ProviderUnavailable('timed out')) };
  #found = 'pi_1';
  find = undefined as never;
  capture() {
    return Promise.reject(new ProviderRejection('already_captured', 'captured before', false));
  }
  cancel() {
    return Promise.resolve(this.#found);
  }
}

test('measures calls by outcome, and passes results and errors on', async () => {
  const metrics = new Metrics('payments');
  const port = new Provider() as unknown as PaymentProvider;
  for (const name of ['create', 'confirm', 'refund', 'find', 'findByPayment', 'refunds'] as const)
    port[name] = () => Promise.resolve(null as never);
  port.transfers!.find = port.transfers!.findByPayout = () => Promise.resolve(null as never);
  const provider = measureProvider(port, metrics);
  expect(await provider.cancel({ key: 'k', ref: 'pi_1' })).toBe('pi_1');
  await expect(provider.capture({ key: 'k', ref: 'r', amountMinor: 1, currency: 'EUR' })).rejects.toThrow(
    ProviderRejection,
  );
  await expect(
    provider.transfers!.create({
      key: 'k',
      payoutId: 'p',
      destination: 'd',
      amountMinor: 1,
      currency: 'EUR',
    }),
  ).rejects.toThrow('timed out');
  const text = await metrics.text();
  const count = (call: string, outcome: string) =>
    new RegExp(
      `^roost_provider_call_duration_seconds_count\\{[^}]*call="${call}",outcome="${outcome}"\\} 1$`,
      'm',
    );
  expect(text).toMatch(count('cancel', 'done'));
  expect(text).toMatch(count('capture', 'rejected'));
  expect(text).toMatch(count('transfer-create', 'failed'));
});
