import { Inject, Injectable } from '@nestjs/common';
import { LOCALES } from '@roost/contracts';
import { chargeBounds, CURRENCIES, decimals } from '@roost/money';
import { CONFIG, type Config } from '@roost/platform';
import type { PaymentsConfig } from '../config.js';
import type { PaymentProvider } from '../provider/provider.port.js';
import type { ProviderRule } from '../provider/provider-rules.js';
import { Providers } from '../provider/providers.js';
import type { ClientConfig } from './client-config.dto.js';

type Codes = readonly string[] | null;

/** The settings that a client needs before anyone signs in. */
@Injectable()
export class ClientConfigService {
  /** The settings of a process do not change. */
  readonly config: ClientConfig;

  constructor(providers: Providers, @Inject(CONFIG) config: Config<typeof PaymentsConfig>) {
    const keys: Record<string, string | undefined> = { stripe: config.STRIPE_PUBLISHABLE_KEY };
    const entries = providers.rules.map(({ provider: name, currencies, countries }: ProviderRule) => {
      const { capabilities } = providers.of(name);
      return {
        name,
        publishableKey: keys[name] ?? null,
        currencies: copyOf(both(currencies, capabilities.currencies ?? null)),
        countries: copyOf(countries),
        confirmation: confirmationOf(capabilities),
      };
    });
    this.config = {
      providers: entries,
      currencies: CURRENCIES.filter((code) =>
        entries.some(({ currencies }) => currencies?.includes(code) ?? true),
      ).map((code) => {
        const { minMinor, maxMinor, stepMinor } = chargeBounds(code);
        return { code, exponent: decimals(code), chargeStepMinor: stepMinor, minMinor, maxMinor };
      }),
      fees: { guestServiceFeeBps: config.GUEST_FEE_BPS, hostFeeBps: config.HOST_FEE_BPS },
      locales: [...LOCALES],
    };
  }
}

const copyOf = (codes: Codes): string[] | null => codes && [...codes];

/** The codes that both lists contain; null contains all. */
const both = (a: Codes, b: Codes): Codes => (a && b ? a.filter((code) => b.includes(code)) : (a ?? b));

const confirmationOf = ({
  serverConfirmation,
  confirmation,
}: PaymentProvider['capabilities']): ClientConfig['providers'][number]['confirmation'] =>
  confirmation ?? (serverConfirmation ? 'server' : 'client');
