import type { DemoCity } from './place.js';
import { kyoto } from './places/kyoto.js';
import { lisbon } from './places/lisbon.js';
import { montreal } from './places/montreal.js';

export const CITIES: readonly DemoCity[] = [lisbon, montreal, kyoto];
