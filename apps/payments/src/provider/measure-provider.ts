import type { Metrics } from '@roost/platform';
import { type PaymentProvider, ProviderRejection } from './provider.port.js';

type Call = (...args: never[]) => Promise<unknown>;

/** Measures the calls of a provider. The lists for reconciliation are not measured: they are read page by page. */
export function measureProvider<P extends PaymentProvider>(provider: P, metrics: Metrics): P {
  const duration = metrics.histogram(
    'roost_provider_call_duration_seconds',
    'Duration of a call to a payment provider in seconds with its repetitions, by provider, call and outcome (done, rejected, failed)',
    ['provider', 'call', 'outcome'],
  );
  const measure = <T extends object>(port: T, names: readonly (keyof T & string)[], prefix = '') => {
    for (const name of names) {
      const original = (port[name] as Call).bind(port);
      const measured: Call = (...args) => {
        const end = duration.startTimer({ provider: provider.name, call: `${prefix}${name}` });
        const result = original(...args);
        result.then(
          () => end({ outcome: 'done' }),
          (error: unknown) => end({ outcome: error instanceof ProviderRejection ? 'rejected' : 'failed' }),
        );
        return result;
      };
      port[name] = measured as T[typeof name];
    }
  };
  measure<PaymentProvider>(provider, [
    'create',
    'confirm',
    'capture',
    'cancel',
    'refund',
    'find',
    'findByPayment',
    'refunds',
  ]);
  if (provider.disputes) measure(provider.disputes, ['find'], 'dispute-');
  if (provider.transfers) measure(provider.transfers, ['create', 'find', 'findByPayout'], 'transfer-');
  return provider;
}
