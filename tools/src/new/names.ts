/** The forms of a noun written in kebab case, such as `damage-claim`. */
export interface NounForms {
  kebab: string;
  /** `DamageClaim` */
  pascal: string;
  /** `damageClaim` */
  camel: string;
  /** `damage_claim` */
  snake: string;
  /** `damage claim` */
  words: string;
  /** `damage-claims` */
  plural: string;
}

export function nounForms(kebab: string): NounForms {
  const pascal = kebab.replace(/(?:^|-)(\w)/g, (_, letter: string) => letter.toUpperCase());
  return {
    kebab,
    pascal,
    camel: pascal.charAt(0).toLowerCase() + pascal.slice(1),
    snake: kebab.replaceAll('-', '_'),
    words: kebab.replaceAll('-', ' '),
    plural: pluralOf(kebab),
  };
}

function pluralOf(noun: string): string {
  if (/[^aeiou]y$/.test(noun)) return `${noun.slice(0, -1)}ies`;
  return /(?:s|x|z|ch|sh)$/.test(noun) ? `${noun}es` : `${noun}s`;
}
