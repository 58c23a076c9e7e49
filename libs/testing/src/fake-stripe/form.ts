export interface FormObject {
  [name: string]: FormValue;
}
export type FormValue = string | string[] | FormObject;

/** Parses what Stripe accepts: `a=1&metadata[paymentId]=2&expand[]=x` (also `expand[0]=x`). */
export function parseForm(text: string): FormObject {
  const form: FormObject = {};
  for (const [name, value] of new URLSearchParams(text)) {
    const [first = '', ...rest] = name.split('[').map((part) => part.replace(/\]$/, ''));
    const [key] = rest;
    if (key === undefined) form[first] = value;
    else if (/^\d*$/.test(key)) form[first] = [...((form[first] as string[] | undefined) ?? []), value];
    else form[first] = { ...(form[first] as FormObject | undefined), [key]: value };
  }
  return form;
}

export const textOf = (value: FormValue | undefined): string | undefined =>
  typeof value === 'string' ? value : undefined;

/** `undefined` if it is missing. Throws a RangeError for anything but a whole number, as Stripe rejects it. */
export function amountOf(value: FormValue | undefined): number | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== 'string' || !/^\d{1,15}$/.test(value)) throw new RangeError('Invalid integer');
  return Number(value);
}

export const metadataOf = (value: FormValue | undefined): Record<string, string> =>
  typeof value === 'object' && !Array.isArray(value) ? (value as Record<string, string>) : {};
