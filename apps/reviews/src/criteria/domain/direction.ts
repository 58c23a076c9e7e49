export const DIRECTIONS = ['guest_to_listing', 'host_to_guest'] as const;
export type Direction = (typeof DIRECTIONS)[number];
