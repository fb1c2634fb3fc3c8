import { PostSocketsError } from '../../base/errors.ts';
import { formatLabel, longestName } from './name.ts';

/** Thrown inside this folder only: made once, for a flood of bad messages is not worth a stack trace each. */
export const malformed = new PostSocketsError('malformed', 'this is no DNS message');

/** Pointers followed in one name; honest names have one or two. */
const mostJumps = 127;

/** Reads a message, or a piece of one, from front to back. Throws `malformed` rather than read past its end. */
export class Reader {
	readonly #bytes: Uint8Array;
	readonly #end: number;
	offset: number;

	/** `bytes` is the whole message, for names point back into it; this reads from `offset` to `end`. */
	constructor(bytes: Uint8Array, offset = 0, end = bytes.length) {
		this.#bytes = bytes;
		this.offset = offset;
		this.#end = end;
	}

	get left(): number {
		return this.#end - this.offset;
	}

	u8(): number {
		if (this.left < 1) throw malformed;
		return this.#bytes[this.offset++]!;
	}

	u16(): number {
		return this.u8() * 0x100 + this.u8();
	}

	u32(): number {
		return this.u16() * 0x1_0000 + this.u16();
	}

	/** The next `length` octets, copied. Default: all that are left. */
	octets(length = this.left): Uint8Array {
		const { offset } = this.piece(length);
		return new Uint8Array(this.#bytes.subarray(offset, offset + length));
	}

	/** A reader of the next `length` octets, which this one skips. */
	piece(length: number): Reader {
		if (length > this.left) throw malformed;
		this.offset += length;
		return new Reader(this.#bytes, this.offset - length, this.offset);
	}

	/** A name, with compression (RFC 1035 §4.1.4) where the type of the record allows it. */
	name(compression: 'compressed' | 'plain' = 'compressed'): string {
		const labels: string[] = [];
		let length = 1;
		let jumps = 0;
		let segment = this.offset;
		let reader: Reader = this;
		for (;;) {
			const size = reader.u8();
			if (size === 0) return labels.join('.') || '.';
			if (size < 0x40) {
				length += size + 1;
				if (length > longestName) throw malformed;
				const { offset } = reader.piece(size);
				labels.push(formatLabel(this.#bytes.subarray(offset, offset + size)));
				continue;
			}
			if (size < 0xc0 || compression === 'plain') throw malformed;
			const target = (size & 0x3f) * 0x100 + reader.u8();
			// Always further back, "a prior occurrence", so that there is no loop.
			jumps += 1;
			if (target >= segment || jumps > mostJumps) throw malformed;
			segment = target;
			reader = new Reader(this.#bytes, target);
		}
	}
}
