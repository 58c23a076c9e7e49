import { factories } from '../../payments/src/provider/provider.module.js';
import { SandboxProvider } from '../../payments/src/provider/sandbox-provider.js';

/**
 * Roost as `npm start` runs it, in which the provider `stripe` is a stand-in at STRIPE_STAND_IN_URL with the wire format of
 * the sandbox. In production the sandbox itself is refused.
 */
class StripeStandIn extends SandboxProvider {
  override readonly name = 'stripe';
}

factories.stripe = (config, tracing) =>
  new StripeStandIn({
    url: process.env.STRIPE_STAND_IN_URL ?? '',
    webhookSecret: 'webhooks-are-not-sent-by-the-stand-in',
    timeoutSeconds: config.PROVIDER_TIMEOUT_SECONDS,
    tracing,
  });

await import('../src/main.js');
