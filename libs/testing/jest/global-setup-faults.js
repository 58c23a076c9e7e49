import { start } from './global-setup.js';

export default function startPartsAndKafka() {
  start(['kafka']);
}
