import type { PaymentProvider } from './provider.port.js';

/** The enabled providers. The first one takes new payments. */
export class Providers {
  readonly #byName: ReadonlyMap<string, PaymentProvider>;

  constructor(private readonly providers: readonly PaymentProvider[]) {
    this.#byName = new Map(providers.map((provider) => [provider.name, provider]));
  }

  get first(): PaymentProvider {
    const [first] = this.providers;
    if (!first) throw new Error('No payment provider is enabled (PAYMENT_PROVIDERS)');
    return first;
  }

  get all(): readonly PaymentProvider[] {
    return this.providers;
  }

  has(name: string): boolean {
    return this.#byName.has(name);
  }

  /** Throws for a provider that is not enabled. */
  of(name: string): PaymentProvider {
    const provider = this.#byName.get(name);
    if (!provider) throw new Error(`The payment provider ${name} is not enabled (PAYMENT_PROVIDERS)`);
    return provider;
  }
}
