/** A booking of the demo data. Days are relative to today in the time zone of the place. */
export interface DemoStay {
  guest: 'guest1' | 'guest2' | 'guest3';
  place: string;
  /** The day of the booking; without it, today. */
  booked?: number;
  checkIn: number;
  nights: number;
  adults: number;
  childrenAges?: readonly number[];
  message?: string;
  /** Without it, the guest stays as booked. */
  outcome?: 'unanswered' | 'declined' | 'cancelled by guest' | 'cancelled by host';
  /** The day of the outcome; without it, the day of the booking. */
  outcomeDay?: number;
  guestReview?: readonly [overall: number, text: string];
  hostReview?: readonly [overall: number, text: string];
  /** The reply of the host to the review of the guest. */
  reply?: string;
}
