import type { Random } from '../check/random.js';
import type { Language } from './cities.js';

interface Words {
  title: (adjective: string, noun: string, city: string) => string;
  adjectives: readonly string[];
  nouns: readonly string[];
  sentences: readonly string[];
}

const WORDS: Record<Language, Words> = {
  en: {
    title: (adjective, noun, city) => `${adjective} ${noun} in ${city}`,
    adjectives: ['Quiet', 'Sunny', 'Cosy', 'Bright', 'Spacious', 'Charming', 'Modern', 'Historic'],
    nouns: ['loft', 'apartment', 'studio', 'house', 'cottage', 'flat with garden', 'room', 'penthouse'],
    sentences: [
      'The bedroom faces a quiet courtyard with old trees.',
      'A bakery, a market and the underground are five minutes away.',
      'The kitchen has everything you need to cook for friends.',
      'From the balcony you see the river and the roofs of the old town.',
      'We answer within an hour and give you our list of places to eat.',
      'The desk by the window and the fast connection are made for work.',
      'Families like the large table, the cot and the games on the shelf.',
      'The bathroom was renovated last year and has a walk-in shower.',
      'In summer you have breakfast on the terrace under the vines.',
      'Parking is free in the street, and a garage is close by.',
    ],
  },
  fr: {
    title: (adjective, noun, city) => `${noun} ${adjective} à ${city}`,
    adjectives: ['calme', 'lumineux', 'chaleureux', 'élégant', 'moderne', 'de charme'],
    nouns: ['Appartement', 'Studio', 'Loft', 'Pied-à-terre', 'Duplex'],
    sentences: [
      'La chambre donne sur une cour calme et arborée.',
      'Le marché, la boulangerie et le métro sont à cinq minutes à pied.',
      'La cuisine équipée vous permet de préparer tous vos repas.',
      'Du balcon, la vue s’étend sur les toits de la vieille ville.',
      'Nous répondons en moins d’une heure à toutes vos questions.',
      'Les familles apprécient la grande table et le lit de bébé.',
    ],
  },
  de: {
    title: (adjective, noun, city) => `${adjective} ${noun} in ${city}`,
    adjectives: ['Gemütliche', 'Helle', 'Ruhige', 'Großzügige', 'Moderne', 'Zentrale'],
    nouns: ['Wohnung', 'Altbauwohnung', 'Ferienwohnung', 'Dachgeschosswohnung'],
    sentences: [
      'Das Schlafzimmer liegt zum ruhigen Innenhof mit alten Bäumen.',
      'Bäckerei, Wochenmarkt und U-Bahn sind in fünf Minuten erreichbar.',
      'Die Küche ist vollständig ausgestattet, auch für größere Runden.',
      'Vom Balkon blickt man über die Dächer der Altstadt bis zum Fluss.',
      'Wir antworten innerhalb einer Stunde auf alle Fragen.',
      'Familien schätzen den großen Tisch, das Kinderbett und die Spiele.',
    ],
  },
  es: {
    title: (adjective, noun, city) => `${noun} ${adjective} en ${city}`,
    adjectives: ['luminoso', 'tranquilo', 'acogedor', 'amplio', 'moderno'],
    nouns: ['Apartamento', 'Piso', 'Ático', 'Estudio'],
    sentences: [
      'El dormitorio da a un patio tranquilo con árboles antiguos.',
      'El mercado, la panadería y el metro están a cinco minutos a pie.',
      'La cocina tiene todo lo necesario para cocinar con amigos.',
      'Desde el balcón se ven los tejados del casco antiguo y el mar.',
      'Respondemos en menos de una hora a todas las preguntas.',
      'A las familias les gusta la mesa grande y la cuna.',
    ],
  },
  pt: {
    title: (adjective, noun, city) => `${noun} ${adjective} em ${city}`,
    adjectives: ['acolhedor', 'luminoso', 'tranquilo', 'espaçoso', 'moderno'],
    nouns: ['Apartamento', 'Estúdio', 'Sótão', 'Andar'],
    sentences: [
      'O quarto dá para um pátio tranquilo com árvores antigas.',
      'O mercado, a padaria e o metro ficam a cinco minutos a pé.',
      'A cozinha tem tudo o que precisa para cozinhar com amigos.',
      'Da varanda veem-se os telhados da cidade velha e o rio.',
      'Respondemos em menos de uma hora a todas as perguntas.',
    ],
  },
  it: {
    title: (adjective, noun, city) => `${noun} ${adjective} a ${city}`,
    adjectives: ['luminoso', 'tranquillo', 'accogliente', 'spazioso', 'moderno'],
    nouns: ['Appartamento', 'Monolocale', 'Attico', 'Bilocale'],
    sentences: [
      'La camera si affaccia su un cortile tranquillo con alberi antichi.',
      'Il mercato, il forno e la metropolitana sono a cinque minuti.',
      'La cucina ha tutto il necessario per cucinare con gli amici.',
      'Dal balcone si vedono i tetti del centro storico e la cupola.',
      'Rispondiamo entro un’ora a tutte le domande.',
    ],
  },
  ja: {
    title: (adjective, noun, city) => `${adjective}${noun} ${city}`,
    adjectives: ['静かな', '明るい', '広い', '居心地の良い', '新しい'],
    nouns: ['アパート', '一軒家', '町家', 'マンション'],
    sentences: [
      '寝室は静かな中庭に面しています。',
      '駅、市場、パン屋まで歩いて五分です。',
      '台所には料理に必要な物がすべて揃っています。',
      'ベランダから古い町の屋根と川が見えます。',
      '一時間以内にすべての質問に答えます。',
    ],
  },
};

/** Words that few listings have, for searches with few hits. */
const RARE_WORDS = ['lighthouse', 'observatory', 'windmill', 'harpsichord', 'treehouse', 'vineyard'];
const RARE_SHARE = 0.002;

export function pickTexts(
  random: Random,
  language: Language,
  city: string,
): { title: string; description: string } {
  const { title, adjectives, nouns, sentences } = WORDS[language];
  const parts = Array.from({ length: random.integer(2, 9) }, () => random.pick(sentences) ?? '');
  if (random.chance(RARE_SHARE)) parts.push(`There is a ${random.pick(RARE_WORDS)} next door.`);
  return {
    title: title(random.pick(adjectives) ?? '', random.pick(nouns) ?? '', city),
    description: parts.join(language === 'ja' ? '' : ' '),
  };
}
