/** One booking of the demo. Days are counted from today where the place is. */
export interface DemoStay {
  guest: 'guest1' | 'guest2' | 'guest3';
  place: string;
  /** The day it is booked, if not today. */
  booked?: number;
  checkIn: number;
  nights: number;
  adults: number;
  childrenAges?: readonly number[];
  message?: string;
  /** What becomes of it, if not a stay. */
  then?: 'stays unanswered' | 'is declined' | 'is cancelled by its guest' | 'is cancelled by its host';
  /** When, if not at once. */
  thenOn?: number;
  /** What the guest says of the place, the host of the guest, and the host in reply. */
  guestSays?: readonly [overall: number, text: string];
  hostSays?: readonly [overall: number, text: string];
  reply?: string;
}

const TRAM = 'Above the 28 tram in Graça';
const FAMILY = 'Family flat by the Estrela garden';
const FISHER = 'Fisherman’s rooms in Madragoa';
const TRIPLEX = 'Triplex with a winding stair on the Plateau';
const LOFT = 'Brick loft by the Lachine canal';
const BAGEL = 'Bagel-side flat in Mile End';
const GION = 'Lantern lane house in Gion';
const RIVER = 'Riverside room over the Kamo';
const POTTER = 'Potter’s upstairs at Gojō-zaka';

/** Lived through at the start with the domain clock turned back, in the order of their days. */
export const PAST: readonly DemoStay[] = [
  {
    guest: 'guest1',
    place: TRAM,
    booked: -68,
    checkIn: -60,
    nights: 4,
    adults: 2,
    guestSays: [
      5,
      'The tram really does lean into the bend, and after one evening you wait for it. Spotless, warm, and Inês left a map with her own walks drawn in.',
    ],
    hostSays: [5, 'Amara left the place as she found it and told us which walk she liked best. Come back.'],
    reply: 'The third balcony chair is for you.',
  },
  {
    guest: 'guest2',
    place: TRAM,
    booked: -47,
    checkIn: -40,
    nights: 3,
    adults: 2,
    childrenAges: [5],
    guestSays: [
      4,
      'Great location and kind people. The stairs are many with a child on the arm; otherwise perfect.',
    ],
    hostSays: [5, 'A lovely family, the drawing is on our fridge.'],
  },
  {
    guest: 'guest3',
    place: TRAM,
    booked: -26,
    checkIn: -16,
    nights: 5,
    adults: 1,
    guestSays: [5, 'I came for five days of work and stayed on the balcony for most of them.'],
    hostSays: [
      4,
      'Quiet and friendly. The window was open when she left, and it rained, but nothing happened.',
    ],
  },
  {
    guest: 'guest2',
    place: FAMILY,
    booked: -61,
    checkIn: -54,
    nights: 6,
    adults: 2,
    childrenAges: [5, 2],
    guestSays: [
      5,
      'High chair, cot, step at the basin, a box of trains. Whoever equipped this flat has children.',
    ],
    hostSays: [5, 'The trains came back sorted by size.'],
  },
  {
    guest: 'guest1',
    place: FAMILY,
    booked: -33,
    checkIn: -26,
    nights: 4,
    adults: 4,
    guestSays: [3, 'Lovely rooms, but the lift was out for two days and we only heard of it at the door.'],
    hostSays: [4, 'Fair and friendly guests who had bad luck with our lift.'],
    reply: 'You are right, we should have written. The lift is mended and so is our habit.',
  },
  {
    guest: 'guest3',
    place: FISHER,
    booked: -54,
    checkIn: -47,
    nights: 7,
    adults: 2,
    guestSays: [
      4,
      'Sardines on the patio, cool rooms, thick walls. A little dark, as a fisherman’s house should be.',
    ],
    hostSays: [5, 'They invited the neighbours to the grill. So did the neighbours.'],
  },
  {
    guest: 'guest1',
    place: TRIPLEX,
    booked: -61,
    checkIn: -47,
    nights: 5,
    adults: 2,
    guestSays: [5, 'We were afraid of the staircase and ended up having breakfast on it.'],
    hostSays: [5, 'Excellent guest, and now a friend of the cat next door.'],
    reply: 'Gustave asks when you will be back.',
  },
  {
    guest: 'guest3',
    place: TRIPLEX,
    booked: -40,
    checkIn: -33,
    nights: 3,
    adults: 3,
    guestSays: [4, 'Beautiful flat. Bring a friend to carry the suitcase up.'],
    hostSays: [5, 'Kind, tidy, punctual.'],
  },
  {
    guest: 'guest2',
    place: LOFT,
    booked: -54,
    checkIn: -40,
    nights: 4,
    adults: 2,
    guestSays: [
      5,
      'The light at seven in the evening is worth the flight. Everything in the kitchen works, even the sixth burner.',
    ],
    hostSays: [5, 'Left a loaf of bread on the counter. Would host any time.'],
  },
  {
    guest: 'guest3',
    place: LOFT,
    booked: -19,
    checkIn: -12,
    nights: 3,
    adults: 2,
    guestSays: [4, 'Wonderful space by the water, a bit loud on Friday when the bar opposite had a band.'],
    hostSays: [5, 'No trouble at all.'],
  },
  {
    guest: 'guest2',
    place: BAGEL,
    booked: -33,
    checkIn: -19,
    nights: 2,
    adults: 1,
    guestSays: [5, 'You can smell the bagels. You will buy the bagels. You will smell of bagels.'],
    hostSays: [4, 'A pleasant guest who left crumbs, which we take as a compliment.'],
  },
  {
    guest: 'guest1',
    place: GION,
    booked: -68,
    checkIn: -33,
    nights: 3,
    adults: 3,
    guestSays: [5, 'The lane at six is as gold as promised. The bath alone is a reason to travel.'],
    hostSays: [5, 'Quiet voices after nine, and before nine too. Thank you.'],
    reply: 'Thank you for your kind words. The lane remembers you.',
  },
  {
    guest: 'guest2',
    place: GION,
    booked: -40,
    checkIn: -12,
    nights: 4,
    adults: 2,
    childrenAges: [12],
    guestSays: [5, 'Our daughter wants to live here. Haruko taught her to fold the futons.'],
    hostSays: [5, 'The futons have never been folded better.'],
  },
  {
    guest: 'guest3',
    place: RIVER,
    booked: -61,
    checkIn: -54,
    nights: 5,
    adults: 1,
    guestSays: [4, 'Herons, as advertised. Small, but everything has its place.'],
    hostSays: [5, 'Left the room as neat as it was.'],
  },
  {
    guest: 'guest1',
    place: RIVER,
    booked: -26,
    checkIn: -19,
    nights: 2,
    adults: 2,
    guestSays: [5, 'We crossed the stepping stones every morning. Perfect for two.'],
    hostSays: [5, 'A joy.'],
  },
  {
    guest: 'guest2',
    place: POTTER,
    booked: -33,
    checkIn: -26,
    nights: 3,
    adults: 2,
    guestSays: [5, 'The floor was warm on firing day and our bowls crossed the ocean unbroken.'],
    hostSays: [4, 'Talented hands at the wheel, clay on the towels.'],
  },
  {
    guest: 'guest3',
    place: POTTER,
    booked: -12,
    checkIn: -9,
    nights: 4,
    adults: 2,
    guestSays: [4, 'Charming, and the lesson on Saturday is a must.'],
  },
  {
    guest: 'guest1',
    place: LOFT,
    booked: -33,
    checkIn: -5,
    nights: 2,
    adults: 2,
    then: 'is cancelled by its guest',
    thenOn: -14,
  },
  { guest: 'guest1', place: FISHER, booked: -12, checkIn: -2, nights: 6, adults: 3 },
  { guest: 'guest3', place: TRIPLEX, booked: -12, checkIn: -1, nights: 4, adults: 2 },
];

/** Booked today. */
export const COMING: readonly DemoStay[] = [
  {
    guest: 'guest1',
    place: 'Rooftop with a bath in Príncipe Real',
    checkIn: 12,
    nights: 3,
    adults: 2,
    message: 'It is her birthday. Is there a bakery that delivers?',
  },
  { guest: 'guest2', place: 'Writer’s desk near Campo de Ourique', checkIn: 20, nights: 14, adults: 1 },
  {
    guest: 'guest3',
    place: 'The greystone on Rue Saint-Denis',
    checkIn: 30,
    nights: 5,
    adults: 6,
    childrenAges: [9, 4],
  },
  { guest: 'guest1', place: 'Old Port suite with the river below', checkIn: 45, nights: 2, adults: 2 },
  { guest: 'guest2', place: 'Machiya of the sash weaver, Nishijin', checkIn: 60, nights: 7, adults: 4 },
  { guest: 'guest3', place: 'Philosopher’s walk, ground floor', checkIn: 8, nights: 3, adults: 2 },
  {
    guest: 'guest2',
    place: 'Glass house on the Almada side',
    checkIn: 25,
    nights: 4,
    adults: 3,
    message: 'We would arrive by the late ferry, around ten. Is that all right?',
    then: 'stays unanswered',
  },
  {
    guest: 'guest1',
    place: 'Bamboo house in Arashiyama',
    checkIn: 40,
    nights: 3,
    adults: 5,
    message: 'Five friends who have known each other for thirty years.',
    then: 'stays unanswered',
  },
  {
    guest: 'guest3',
    place: 'Winter cabin feeling in Verdun',
    checkIn: 17,
    nights: 3,
    adults: 2,
    message: 'Can we bring three dogs?',
    then: 'is declined',
  },
  {
    guest: 'guest2',
    place: 'Quiet rooms by Parc La Fontaine',
    checkIn: 35,
    nights: 4,
    adults: 2,
    then: 'is cancelled by its guest',
  },
  {
    guest: 'guest1',
    place: 'Student quarter studio, Demachiyanagi',
    checkIn: 50,
    nights: 5,
    adults: 1,
    then: 'is cancelled by its host',
  },
];
