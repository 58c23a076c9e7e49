export const MAX_TITLE = 200;
export const MAX_PARAGRAPHS = 10_000;
