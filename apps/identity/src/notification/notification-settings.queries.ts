import { type EntityManager, sql } from '@mikro-orm/postgresql';
import { OPTIONAL_TEMPLATES, type OptionalTemplate, type Template } from './domain/notification.js';

export interface MutedTemplates {
  /** 0 until the first change. */
  version: number;
  muted: OptionalTemplate[];
}

export const isOptional = (template: Template): template is OptionalTemplate =>
  OPTIONAL_TEMPLATES.some((optional) => optional === template);

export async function findMuted(em: EntityManager, userId: string): Promise<MutedTemplates> {
  const [row] = await em.execute<MutedTemplates[]>(sql`
    SELECT version, muted FROM notification_setting WHERE user_id = ${userId}`);
  return row ?? { version: 0, muted: [] };
}

export async function isMuted(em: EntityManager, userId: string, template: Template): Promise<boolean> {
  if (!isOptional(template)) return false;
  const { muted } = await findMuted(em, userId);
  return muted.includes(template);
}

/** Replaces the muted templates and returns the new version. */
export async function saveMuted(
  em: EntityManager,
  userId: string,
  muted: readonly OptionalTemplate[],
): Promise<number> {
  const [row] = await em.execute<[{ version: number }]>(sql`
    INSERT INTO notification_setting AS setting (user_id, version, muted)
    VALUES (${userId}, 1, ARRAY[${muted}]::text[])
    ON CONFLICT (user_id) DO UPDATE SET version = setting.version + 1, muted = excluded.muted
    RETURNING version`);
  return row.version;
}
