import type { EntityManager } from '@mikro-orm/postgresql';
import type { PhotoPlace } from './photo.resizing.js';

/** Photos without variants, by the partial index of the listings that have any. */
export function duePhotos(em: EntityManager, limit: number): Promise<PhotoPlace[]> {
  return em.execute<PhotoPlace[]>(
    `SELECT listing.id AS "listingId", photo ->> 'id' AS "photoId"
       FROM listing, jsonb_array_elements(photos) AS photo
      WHERE jsonb_array_length(photos) <> jsonb_array_length(jsonb_path_query_array(photos, '$[*].widths'))
        AND photo -> 'widths' IS NULL
      LIMIT ?`,
    [limit],
  );
}

/** The width of a photo that still has to be resized. */
export async function widthOf(em: EntityManager, { listingId, photoId }: PhotoPlace): Promise<number | null> {
  const [row] = await em.execute<{ width: number }[]>(
    `SELECT (photo ->> 'width')::int AS width
       FROM listing, jsonb_array_elements(photos) AS photo
      WHERE listing.id = ? AND photo ->> 'id' = ? AND photo -> 'widths' IS NULL`,
    [listingId, photoId],
  );
  return row?.width ?? null;
}

/**
 * Not a new version of the listing: nothing that its host or another service knows has changed. A host's change at the
 * same moment fails on the row that has moved on, and is run again. False when the photo is gone.
 */
export async function markResized(
  em: EntityManager,
  { listingId, photoId }: PhotoPlace,
  widths: number[],
): Promise<boolean> {
  const rows = await em.execute<unknown[]>(
    `UPDATE listing
        SET photos = (
          SELECT jsonb_agg(
                   CASE WHEN photo ->> 'id' = ? THEN photo || jsonb_build_object('widths', ?::jsonb) ELSE photo END
                   ORDER BY place)
            FROM jsonb_array_elements(photos) WITH ORDINALITY AS p (photo, place))
      WHERE id = ? AND photos @> jsonb_build_array(jsonb_build_object('id', ?::text))
      RETURNING 1`,
    [photoId, JSON.stringify(widths), listingId, photoId],
  );
  return rows.length > 0;
}
