/** The codecs of this package, by name. */

import { bytes } from './codecs/bytes.ts';
import { json } from './codecs/json.ts';
import { text } from './codecs/text.ts';

export const codec = { bytes, text, json };
