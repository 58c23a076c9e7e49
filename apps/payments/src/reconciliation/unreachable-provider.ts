import { ProviderUnavailable } from '../provider/provider.port.js';
import { difference, type Difference } from './reconciliation.dto.js';

/**
 * Runs one comparison with a provider. An unreachable provider is a difference: it must not prevent the other comparisons,
 * and what was found before stays found.
 */
export async function* orUnreachable(
  provider: string,
  what: 'payments' | 'disputes' | 'transfers',
  compared: AsyncIterable<Difference>,
): AsyncIterable<Difference> {
  try {
    yield* compared;
  } catch (error) {
    if (!(error instanceof ProviderUnavailable)) throw error;
    yield difference(
      'provider.unreachable',
      `The ${what} of provider ${provider} were not compared completely: ${error.message}`,
    );
  }
}
