import { maskEachContact } from '@roost/contacts';
import type { ImportResult } from './import-batch.js';

/**
 * Masks contact data in the texts of one imported row, as messages do, and counts it. A text that is already masked does
 * not change.
 */
export class ContactMasking {
  private count = 0;
  private pointer: string | null = null;

  /** `pointer`: the place of the text in the row. `max`: its limit, which a longer replacement may not exceed. */
  mask(pointer: string, text: string, max: number): string {
    const { text: masked, found } = maskEachContact(text);
    if (found.length === 0) return text;
    this.count += found.length;
    this.pointer ??= pointer;
    return masked.slice(0, max).replace(/[\ud800-\udbff]$/, '');
  }

  /** The result of the row, with the number of masked contacts. What it says already comes first. */
  addTo(result: ImportResult): ImportResult {
    if (this.count === 0) return result;
    const detail = `Contact details masked: ${this.count}`;
    if (result.detail !== null) return { ...result, detail: `${result.detail}; ${detail}` };
    return { ...result, pointer: this.pointer, detail };
  }
}
