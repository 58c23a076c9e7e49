import { ProviderUnavailable } from '../provider/provider.port.js';
import { difference, type Difference, type DifferenceCounts, MAX_OF_KIND } from './reconciliation.dto.js';

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
    const counts: DifferenceCounts = {};
    for await (const found of compared) {
      yield found;
      const count = (counts[found.kind] ?? 0) + 1;
      counts[found.kind] = count;
      if (count < MAX_OF_KIND) continue;
      yield difference(
        'provider.comparison_stopped',
        `The ${what} of provider ${provider} were not compared further after ${count} differences of the kind ${found.kind}`,
      );
      return;
    }
  } catch (error) {
    if (!(error instanceof ProviderUnavailable)) throw error;
    yield difference(
      'provider.unreachable',
      `The ${what} of provider ${provider} were not compared completely: ${error.message}`,
    );
  }
}
