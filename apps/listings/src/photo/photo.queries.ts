import { type EntityManager, sql } from '@mikro-orm/postgresql';
import { accountIsActive } from '@roost/accounts';

export interface PhotoRef {
  listingId: string;
  photoId: string;
}

/** Photos without variants. Uses the partial index `listing_photo_unresized`. */
export function findPhotosWithoutVariants(em: EntityManager, limit: number): Promise<PhotoRef[]> {
  return em.execute<PhotoRef[]>(sql`
    SELECT listing.id AS "listingId", photo ->> 'id' AS "photoId"
      FROM listing, jsonb_array_elements(photos) AS photo
     WHERE jsonb_array_length(photos) <> jsonb_array_length(jsonb_path_query_array(photos, '$[*].widths'))
       AND photo -> 'widths' IS NULL
     LIMIT ${limit}`);
}

/** The width of a photo in pixels. Null if the photo is deleted or already resized. */
export async function findUnresizedWidth(
  em: EntityManager,
  { listingId, photoId }: PhotoRef,
): Promise<number | null> {
  const [row] = await em.execute<{ width: number }[]>(sql`
    SELECT (photo ->> 'width')::int AS width
      FROM listing, jsonb_array_elements(photos) AS photo
     WHERE listing.id = ${listingId} AND photo ->> 'id' = ${photoId} AND photo -> 'widths' IS NULL`);
  return row?.width ?? null;
}

/**
 * Stores the widths of the variants of a photo. Returns false if the photo is deleted.
 *
 * Not a new version of the listing: no field changes that the host or another service reads. A concurrent change
 * by the host conflicts on the updated row and is retried.
 */
export async function storeWidths(
  em: EntityManager,
  { listingId, photoId }: PhotoRef,
  widths: readonly number[],
): Promise<boolean> {
  const rows = await em.execute<object[]>(sql`
    UPDATE listing
       SET photos = (
         SELECT jsonb_agg(
                  CASE WHEN photo ->> 'id' = ${photoId}
                    THEN photo || jsonb_build_object('widths', ${JSON.stringify(widths)}::jsonb) ELSE photo END
                  ORDER BY position)
           FROM jsonb_array_elements(photos) WITH ORDINALITY AS p (photo, position))
     WHERE id = ${listingId} AND photos @> jsonb_build_array(jsonb_build_object('id', ${photoId}::text))
     RETURNING id`);
  return rows.length > 0;
}

/** Whether a listing has this photo, and neither the listing nor the account of its host is suspended or erased. */
export async function isPublicPhoto(em: EntityManager, photoId: string): Promise<boolean> {
  const [row] = await em.execute<[{ isPublic: boolean }]>(sql`
    SELECT EXISTS (
      SELECT FROM listing
       WHERE photos @> jsonb_build_array(jsonb_build_object('id', ${photoId}::text))
         AND status <> 'suspended' AND ${accountIsActive(sql.ref('listing.host_id'))}) AS "isPublic"`);
  return row.isPublic;
}
