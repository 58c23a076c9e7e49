export interface ErrorEntry {
  status: number;
  title: string;
  /** The sections of the page `docs/errors/<code>.md`. */
  page: { what: string; fix: string };
}

/** Checks the shape of a group of error codes and keeps the codes as literal types. */
export function defineErrors<const E extends Record<string, ErrorEntry>>(entries: E): E {
  return entries;
}

/** One error code: its status, its title, the cause and the fix (Markdown; code in backticks only). */
export const errorEntry = (status: number, title: string, what: string, fix: string): ErrorEntry => ({
  status,
  title,
  page: { what, fix },
});
