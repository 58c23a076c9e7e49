import { Entity, Formula, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';
import { DEFAULT_STAY_RULES, type PriceRules, type StayRules } from '@roost/pricing';
import type { Point } from '../geo/domain/point.js';
import type { ListingStatus } from './domain/listing-state.js';

export interface Address {
  line1: string;
  city: string;
  region: string;
  postalCode: string;
  countryCode: string;
}

/** Photos are stored in display order; the first one is the cover. */
export interface StoredPhoto {
  id: string;
  width: number;
  height: number;
  /** The widths of its WebP variants, in pixels. Absent until they are rendered; empty if the file is lost. */
  widths?: number[];
}

export interface MirroredRating {
  version: number;
  count: number;
  sum: number;
}

/** One row is one aggregate: it contains photos and rules, so each change is one new version. */
@Entity({ tableName: 'listing' })
export class Listing {
  @PrimaryKey({ type: 'uuid' })
  id!: string;

  @Property({ type: 'uuid' })
  hostId!: string;

  @Property({ type: 'text' })
  status: ListingStatus = 'draft';

  @Property({ type: 'text', nullable: true })
  statusBeforeSuspension: ListingStatus | null = null;

  @Property({ type: 'integer', version: true })
  version: number = 1;

  @Property({ type: 'text' })
  title: string = '';

  @Property({ type: 'text' })
  description: string = '';

  @Property({ type: 'text' })
  propertyType: string = 'apartment';

  @Property({ type: 'text' })
  roomType: RoomType = 'entire_home';

  @Property({ type: 'json', nullable: true })
  address: Address | null = null;

  @Property({ type: 'double', nullable: true })
  lat: number | null = null;

  @Property({ type: 'double', nullable: true })
  lng: number | null = null;

  @Property({ type: 'double', nullable: true })
  publicLat: number | null = null;

  @Property({ type: 'double', nullable: true })
  publicLng: number | null = null;

  @Property({ type: 'text', nullable: true })
  timeZone: string | null = null;

  @Property({ type: 'text', nullable: true })
  currency: string | null = null;

  @Property({ type: 'integer', nullable: true })
  capacity: number | null = null;

  /** Null if an import does not name it, as for beds and bathrooms. */
  @Property({ type: 'integer', nullable: true })
  bedrooms: number | null = 1;

  @Property({ type: 'integer', nullable: true })
  beds: number | null = 1;

  @Property({ type: 'double', nullable: true })
  bathrooms: number | null = 1;

  @Property({ type: 'array', columnType: 'text[]' })
  amenities: string[] = [];

  @Property({ type: 'text' })
  houseRules: string = '';

  @Property({ type: 'text', nullable: true })
  registrationNumber: string | null = null;

  @Property({ type: 'integer' })
  maxPets: number = 0;

  @Property({ type: 'text' })
  bookingMode: BookingMode = 'instant';

  @Property({ type: 'text', nullable: true })
  cancellationPolicy: CancellationPolicy | null = null;

  @Property({ type: 'text' })
  checkInFrom: string = '15:00';

  @Property({ type: 'text' })
  checkOutUntil: string = '11:00';

  @Property({ type: 'json', nullable: true })
  pricing: PriceRules | null = null;

  @Property({ type: 'json' })
  stayRules: StayRules = DEFAULT_STAY_RULES;

  @Property({ type: 'json' })
  photos: StoredPhoto[] = [];

  /** Created by an import. Publishing requires neither a photo nor a description, also after a pause. */
  @Property({ type: 'boolean' })
  imported: boolean = false;

  /** The time of the first publication. The currency can not be changed afterwards. */
  @Property({ type: 'datetime', columnType: 'timestamptz(3)', nullable: true })
  publishedAt: Date | null = null;

  @Property({ type: 'datetime', columnType: 'timestamptz(3)' })
  createdAt!: Date;

  @Property({ type: 'datetime', columnType: 'timestamptz(3)' })
  updatedAt!: Date;

  /** The mirrored rating; not part of the aggregate. */
  @Formula<Listing>(
    ({ id }) =>
      `(SELECT json_build_object('version', r.version, 'count', r.rating_count, 'sum', r.rating_sum)
          FROM listing_rating r WHERE r.listing_id = ${id})`,
    { type: 'json', nullable: true },
  )
  rating: MirroredRating | null = null;

  get location(): Point | null {
    return this.lat === null || this.lng === null ? null : { lat: this.lat, lng: this.lng };
  }

  get approximateLocation(): Point | null {
    return this.publicLat === null || this.publicLng === null
      ? null
      : { lat: this.publicLat, lng: this.publicLng };
  }
}

export const ROOM_TYPES = ['entire_home', 'private_room', 'shared_room', 'hotel_room'] as const;
export type RoomType = (typeof ROOM_TYPES)[number];

export const BOOKING_MODES = ['instant', 'request'] as const;
export type BookingMode = (typeof BOOKING_MODES)[number];

export const CANCELLATION_POLICIES = ['flexible', 'moderate', 'limited', 'firm', 'strict'] as const;
export type CancellationPolicy = (typeof CANCELLATION_POLICIES)[number];
