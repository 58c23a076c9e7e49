const LONGEST = 72;
/** Verbs in the imperative that look like a participle or a third person. */
const IMPERATIVE =
  /^(?:\w*(?:feed|need|seed|speed|embed|shed|proceed|exceed)|bring|string|ping|\w*(?:ss|us)|bias)$/i;

/** What is wrong with the subject of a commit, or null. Merges and reverts keep the subject that git gives them. */
export function subjectFault(subject: string): string | null {
  if (/^(?:Merge|Revert) /.test(subject)) return null;
  const [verb = ''] = subject.split(' ', 1);
  if (subject.length > LONGEST) return `has ${subject.length} characters, at most ${LONGEST} are allowed`;
  if (!/^[A-Z]/.test(subject)) return 'does not start with a capital letter';
  if (subject.endsWith('.')) return 'ends with a full stop';
  if (/(?:ed|ing|[^s]s)$/i.test(verb) && !IMPERATIVE.test(verb))
    return `does not start with an imperative: "${verb}"`;
  return null;
}
