const MAX_VALUES = 50;

export interface WeightedValue {
  /** In lower case. */
  value: string;
  quality: number;
}

/** The values of a header such as `Accept` with their qualities (RFC 9110 §12.4.2). */
export const weightedValues = (header: string): WeightedValue[] =>
  header.split(',', MAX_VALUES).map(parseValue);

function parseValue(text: string): WeightedValue {
  const [value = '', ...parameters] = text.split(';').map((part) => part.trim().toLowerCase());
  const weight = parameters.find((parameter) => parameter.startsWith('q='));
  const quality = weight === undefined ? 1 : Number(weight.slice(2));
  return { value, quality: quality >= 0 && quality <= 1 ? quality : 0 };
}
