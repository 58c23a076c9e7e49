import { ProviderUnavailable } from '../provider/provider.port.js';
import { difference, type Difference } from './reconciliation.dto.js';

/** Runs one comparison with a provider. An unreachable provider is a difference: it must not prevent the other comparisons. */
export async function orUnreachable(
  provider: string,
  what: 'payments' | 'disputes' | 'transfers',
  compare: () => Promise<Difference[]>,
): Promise<Difference[]> {
  try {
    return await compare();
  } catch (error) {
    if (!(error instanceof ProviderUnavailable)) throw error;
    return [
      difference(
        'provider.unreachable',
        `The ${what} of provider ${provider} were not compared: ${error.message}`,
      ),
    ];
  }
}
