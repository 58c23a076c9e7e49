import type { PaymentProvider } from './provider.port.js';

/** The providers that are switched on; the first one takes new payments. */
export class Providers {
  readonly #byName: ReadonlyMap<string, PaymentProvider>;

  constructor(private readonly providers: readonly [PaymentProvider, ...PaymentProvider[]]) {
    this.#byName = new Map(providers.map((provider) => [provider.name, provider]));
  }

  get first(): PaymentProvider {
    return this.providers[0];
  }

  get all(): readonly PaymentProvider[] {
    return this.providers;
  }

  of(name: string): PaymentProvider {
    const provider = this.#byName.get(name);
    if (!provider) throw new Error(`The payment provider ${name} is not switched on (PAYMENT_PROVIDERS)`);
    return provider;
  }
}
