import { Migration } from '@mikro-orm/migrations';

/** The stemmed language of the listings of a country, besides English. Other countries have English alone. */
const COUNTRIES: Record<string, readonly string[]> = {
  danish: ['DK'],
  dutch: ['BE', 'NL'],
  finnish: ['FI'],
  french: ['FR', 'LU', 'MC'],
  german: ['AT', 'CH', 'DE', 'LI'],
  hungarian: ['HU'],
  indonesian: ['ID'],
  italian: ['IT', 'SM'],
  norwegian: ['NO'],
  portuguese: ['AO', 'BR', 'MZ', 'PT'],
  romanian: ['MD', 'RO'],
  russian: ['BY', 'RU'],
  spanish: [
    'AR',
    'BO',
    'CL',
    'CO',
    'CR',
    'DO',
    'EC',
    'ES',
    'GT',
    'HN',
    'MX',
    'NI',
    'PA',
    'PE',
    'PY',
    'SV',
    'UY',
    'VE',
  ],
  swedish: ['SE'],
  turkish: ['TR'],
};

/** Scripts without spaces between words: Thai, Lao, Myanmar, Khmer, Japanese, Chinese. */
const UNSPACED = String.raw`\u0e01-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff`;

/**
 * Words for the full-text search, kept by a trigger so that rows written by the previous release have them too. The same
 * functions prepare texts and queries.
 */
export class Migration0008SearchWords extends Migration {
  override up(): void {
    // Stems without stop words: "sea" is one in Spanish, and would be ignored in a query in English.
    for (const language of ['english', ...Object.keys(COUNTRIES)]) {
      this.addSql(
        `CREATE TEXT SEARCH DICTIONARY search_${language} (TEMPLATE = pg_catalog.snowball, LANGUAGE = ${language})`,
      );
      this.addSql(`CREATE TEXT SEARCH CONFIGURATION search_${language} (COPY = pg_catalog.simple)`);
      this.addSql(
        `ALTER TEXT SEARCH CONFIGURATION search_${language} ALTER MAPPING REPLACE simple WITH search_${language}`,
      );
    }
    // Ignores case, accents of Latin and Greek letters, punctuation and invisible characters, and splits runs of an unspaced
    // script into pairs of characters. Double quotes stay, because queries use them for phrases.
    this.addSql(String.raw`
      CREATE FUNCTION search_text(value text) RETURNS text LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
      BEGIN
        value := normalize(lower(value COLLATE pg_c_utf8), NFKD);
        value := normalize(regexp_replace(value, '([a-z\u03b1-\u03c9])[\u0300-\u036f]+', '\1', 'g'), NFC);
        value := translate(value, 'øłđðıς“”„‟«»', 'olddiσ""""""');
        value := replace(replace(replace(replace(value, 'ß', 'ss'), 'æ', 'ae'), 'œ', 'oe'), 'þ', 'th');
        value := regexp_replace(value, '[\u00ad\u200b-\u200f\u2060\ufeff]', '', 'g');
        value := regexp_replace(value,
          '[\u0001-\u0021\u0023-\u002f\u003a-\u0040\u005b-\u0060\u007b-\u00bf\u02b9-\u02cf\u2000-\u206f\u2212\u3000-\u3004\u3008-\u303f\u30fb]+',
          ' ', 'g');
        IF value ~ '[${UNSPACED}]' THEN
          SELECT string_agg(CASE
              WHEN c.this !~ '[${UNSPACED}]' THEN c.this
              WHEN c.next ~ '[${UNSPACED}]' THEN ' ' || c.this || c.next
              WHEN c.previous ~ '[${UNSPACED}]' THEN ' '
              ELSE ' ' || c.this || ' ' END, '' ORDER BY c.n)
            INTO value
            FROM (SELECT t.this, t.n, lag(t.this) OVER (ORDER BY t.n) AS previous, lead(t.this) OVER (ORDER BY t.n) AS next
                    FROM string_to_table(value, NULL) WITH ORDINALITY AS t (this, n)) c;
        END IF;
        RETURN value;
      END $$`);
    // The unstemmed words, the stems, and the single characters of unspaced scripts.
    this.addSql(String.raw`
      CREATE FUNCTION search_vector(value text, language regconfig) RETURNS tsvector LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
      DECLARE words text := search_text(value);
      BEGIN
        RETURN to_tsvector('simple', words) || to_tsvector('english', words)
          || CASE WHEN language = 'simple'::regconfig THEN '' ELSE to_tsvector(language, words) END
          || CASE WHEN value ~ '[${UNSPACED}]' THEN to_tsvector('simple',
               regexp_replace(regexp_replace(normalize(value, NFKC), '[^${UNSPACED}]+', '', 'g'), '(.)', '\1 ', 'g'))
             ELSE '' END;
      END $$`);
    const languages = Object.entries(COUNTRIES);
    this.addSql(`
      CREATE FUNCTION search_language(country text) RETURNS regconfig LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
        SELECT CASE ${languages
          .map(
            ([language, codes]) =>
              `WHEN country IN ('${codes.join(`', '`)}') THEN 'search_${language}'::regconfig`,
          )
          .join(' ')} ELSE 'simple'::regconfig END $$`);
    // Any form of the words in any of the languages matches, with or without the stop words of English; an excluded word
    // excludes all its forms.
    const stemmed = ['english', ...Object.keys(COUNTRIES)].map((language) => `search_${language}`);
    const forms = (text: string, configurations: readonly string[]) =>
      configurations.map((configuration) => `websearch_to_tsquery('${configuration}', ${text})`).join(' || ');
    const wanted = forms('wanted', ['simple', 'english', ...stemmed]);
    const excluded = forms('excluded', ['simple', ...stemmed]);
    this.addSql(String.raw`
      CREATE FUNCTION search_query(value text) RETURNS tsquery LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
      DECLARE
        quoted text := translate(value, '“”„‟«»', '""""""');
        wanted text := search_text(regexp_replace(quoted, '(^|\s)-+("[^"]*"|\S+)', ' ', 'g'));
        excluded text := (SELECT string_agg(search_text(m[2]), ' or ') FROM regexp_matches(quoted, '(^|\s)-+("[^"]*"|\S+)', 'g') m);
      BEGIN
        IF excluded IS NULL THEN RETURN ${wanted}; END IF;
        RETURN (${wanted}) && !!(${excluded});
      END $$`);
    this.addSql('ALTER TABLE listing ADD COLUMN search_words tsvector');
    this.addSql(`
      CREATE FUNCTION set_search_words() RETURNS trigger LANGUAGE plpgsql AS $$
      DECLARE language regconfig := search_language(NEW.address ->> 'countryCode');
      BEGIN
        NEW.search_words := setweight(search_vector(NEW.title, language), 'A')
          || setweight(search_vector(coalesce(NEW.address ->> 'city', ''), language), 'B')
          || setweight(search_vector(NEW.description, language), 'C');
        RETURN NEW;
      END $$`);
    this.addSql(`
      CREATE TRIGGER listing_search_words BEFORE INSERT OR UPDATE OF title, address, description ON listing
        FOR EACH ROW EXECUTE FUNCTION set_search_words()`);
  }

  override down(): void {
    this.addSql('DROP TRIGGER listing_search_words ON listing');
    this.addSql('DROP FUNCTION set_search_words');
    this.addSql('ALTER TABLE listing DROP COLUMN search_words');
    for (const name of ['search_query', 'search_language', 'search_vector', 'search_text'])
      this.addSql(`DROP FUNCTION ${name}`);
    for (const language of ['english', ...Object.keys(COUNTRIES)]) {
      this.addSql(`DROP TEXT SEARCH CONFIGURATION search_${language}`);
      this.addSql(`DROP TEXT SEARCH DICTIONARY search_${language}`);
    }
  }
}
