import { hasVisibleText, INVISIBLE_TEXT, invalidRowField } from '@roost/http';
import type { PriceRules } from '@roost/pricing';

/**
 * Throws `request.invalid` if a reader would see nothing of the name of a tax. Not a rule of the schema, which events of
 * earlier versions must satisfy too. `pointer`: the place of the rules.
 */
export function requireVisibleTaxNames(rules: PriceRules, pointer = ''): void {
  const index = rules.taxes.findIndex(({ name }) => !hasVisibleText(name));
  if (index >= 0)
    throw invalidRowField('request.invalid', `${pointer}/taxes/${index}/name`, INVISIBLE_TEXT.error);
}
