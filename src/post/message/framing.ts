/** The framings of this package, by name. */

import { chunked } from './framing/chunked.ts';
import { datagram } from './framing/datagram.ts';
import { delimited } from './framing/delimited.ts';
import { lengthPrefix } from './framing/length-prefix.ts';
import { lines } from './framing/lines.ts';
import { stream } from './framing/stream.ts';
import { tlv } from './framing/tlv.ts';
import { varint } from './framing/varint.ts';

export const frame = { lengthPrefix, varint, delimited, lines, tlv, chunked, stream, datagram };
