export type City = 'Lisbon' | 'Montréal' | 'Kyoto';
export type Room = 'living' | 'bedroom' | 'kitchen';
export type View = 'outside' | Room;

/** The place that a picture shows. */
export interface PictureSubject {
  city: City;
  title: string;
}
