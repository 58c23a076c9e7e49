/** The fields of a listing that hints are about. */
export interface Improvable {
  readonly photos: readonly unknown[];
  readonly description: string;
  readonly amenities: readonly unknown[];
  readonly houseRules: string;
}

export const HINT_CODES = [
  'contact_details',
  'few_photos',
  'short_description',
  'few_amenities',
  'no_house_rules',
] as const;

export interface Hint {
  code: (typeof HINT_CODES)[number];
  pointer: string;
  detail: string;
}

const MIN_PHOTOS = 5;
const MIN_DESCRIPTION = 200;
const MIN_AMENITIES = 5;

const IMPROVEMENTS: readonly (readonly [hint: Hint, applies: (listing: Improvable) => boolean])[] = [
  [
    { code: 'few_photos', pointer: '/photos', detail: `Add photos: at least ${MIN_PHOTOS}.` },
    (l) => l.photos.length < MIN_PHOTOS,
  ],
  [
    {
      ...{ code: 'short_description', pointer: '/description' },
      detail: `Describe the place in at least ${MIN_DESCRIPTION} characters.`,
    },
    (l) => l.description.trim().length < MIN_DESCRIPTION,
  ],
  [
    { code: 'few_amenities', pointer: '/amenities', detail: `Name at least ${MIN_AMENITIES} amenities.` },
    (l) => l.amenities.length < MIN_AMENITIES,
  ],
  [
    { code: 'no_house_rules', pointer: '/houseRules', detail: 'Write house rules.' },
    (l) => l.houseRules.trim() === '',
  ],
];

/** What would improve the listing, in the order of importance. */
export const improvements = (listing: Improvable): Hint[] =>
  IMPROVEMENTS.filter(([, applies]) => applies(listing)).map(([hint]) => hint);

/** The hint for a text of a draft: publishing masks the contact data in it. */
export const contactHint = (pointer: string): Hint => ({
  ...{ code: 'contact_details', pointer },
  detail: 'Contains contact details, which are masked when the listing is published.',
});
