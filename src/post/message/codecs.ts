/** The codecs of this package, by name. */

import { bytes } from './codecs/bytes.ts';
import { cbor } from './codecs/cbor.ts';
import { json } from './codecs/json.ts';
import { msgpack } from './codecs/msgpack.ts';
import { pair } from './codecs/pair.ts';
import { protobuf } from './codecs/protobuf.ts';
import { text } from './codecs/text.ts';
import { tlv } from './codecs/tlv.ts';

export const codec = { bytes, text, json, cbor, msgpack, protobuf, tlv, pair };
