import { type PaymentProvider, type ProviderName, ProviderUnavailable } from './provider.port.js';
import { chooseRule, type PaymentOrigin, type ProviderRule } from './provider-rules.js';

/** The enabled providers, and the rules that choose the provider of a new payment. */
export class Providers {
  readonly #byName: ReadonlyMap<string, PaymentProvider>;

  constructor(
    private readonly providers: readonly [PaymentProvider, ...PaymentProvider[]],
    readonly rules: readonly ProviderRule[],
  ) {
    this.#byName = new Map(providers.map((provider) => [provider.name, provider]));
  }

  /** The provider of the first rule that takes the payment. Null: no provider takes it. */
  choose(origin: PaymentOrigin): PaymentProvider | null {
    const rule = chooseRule(this.rules, origin, (name, currency) => this.supports(name, currency));
    return rule && this.of(rule.provider);
  }

  get all(): readonly [PaymentProvider, ...PaymentProvider[]] {
    return this.providers;
  }

  /** Null for a provider that is not enabled. */
  find(name: string): PaymentProvider | null {
    return this.#byName.get(name) ?? null;
  }

  /** Throws a ProviderUnavailable for a provider that is not enabled: its payments wait until it is enabled again. */
  of(name: string): PaymentProvider {
    const provider = this.find(name);
    if (!provider)
      throw new ProviderUnavailable(`The payment provider ${name} is not enabled (PAYMENT_PROVIDERS)`);
    return provider;
  }

  private supports(name: ProviderName, currency: string): boolean {
    return this.of(name).capabilities.currencies?.includes(currency) ?? true;
  }
}
