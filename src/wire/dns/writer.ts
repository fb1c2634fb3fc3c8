import { badArgument, PostSocketsError } from '../../base/errors.ts';
import { labelsOf, splitName } from './name.ts';

/** Octets of a message; its length over TCP has 16 bits (RFC 1035 §4.2.2). */
export const longestMessage = 65_535;

/** Writes a message from front to back. Throws `bad-argument` for what cannot be said, `too-large`. */
export class Writer {
	#bytes = new Uint8Array(512);
	#length = 0;
	/** Where names that were written begin, by their text. */
	readonly #names = new Map<string, number>();

	u8(value: number): void {
		this.#number(value, 0xff);
		this.#make(1);
		this.#bytes[this.#length++] = value;
	}

	u16(value: number): void {
		this.#number(value, 0xffff);
		this.u8(value >>> 8);
		this.u8(value & 0xff);
	}

	u32(value: number): void {
		this.#number(value, 0xffff_ffff);
		this.u16(value >>> 16);
		this.u16(value & 0xffff);
	}

	octets(bytes: Uint8Array): void {
		this.#make(bytes.length);
		this.#bytes.set(bytes, this.#length);
		this.#length += bytes.length;
	}

	/** A string of at most 255 octets behind its length (RFC 1035 §3.3). */
	shortString(bytes: Uint8Array): void {
		if (bytes.length > 255) throw badArgument(`a character-string has at most 255 octets, not ${bytes.length}`, 'dns');
		this.u8(bytes.length);
		this.octets(bytes);
	}

	/** What `write` writes, behind its length in 16 bits. */
	measured(write: () => void): void {
		this.u16(0);
		const start = this.#length;
		write();
		const length = this.#length - start;
		this.#bytes[start - 2] = length >>> 8;
		this.#bytes[start - 1] = length & 0xff;
	}

	/** `compressed` only in records of RFC 1035 (RFC 3597 §4); only what has the same case is shared, so that it is kept. */
	name(text: string, compression: 'compressed' | 'plain' = 'compressed'): void {
		const labels = labelsOf(text);
		if (labels === undefined)
			throw badArgument(`"${text}" is no domain name: labels of 1 to 63 octets, 255 in all`, 'dns');
		const texts = splitName(text);
		for (const [index, label] of labels.entries()) {
			const rest = texts.slice(index).join('.');
			const known = compression === 'compressed' ? this.#names.get(rest) : undefined;
			if (known !== undefined) {
				this.u16(0xc000 + known);
				return;
			}
			if (this.#length < 0x4000 && !this.#names.has(rest)) this.#names.set(rest, this.#length);
			this.u8(label.length);
			this.octets(label);
		}
		this.u8(0);
	}

	/** All that was written, in an array of its own. */
	finish(): Uint8Array {
		return this.#bytes.slice(0, this.#length);
	}

	#number(value: number, largest: number): void {
		if (Number.isInteger(value) && value >= 0 && value <= largest) return;
		throw badArgument(`a number of a DNS message is a whole one from 0 to ${largest}, not ${value}`, 'dns');
	}

	#make(room: number): void {
		const length = this.#length + room;
		if (length > longestMessage) {
			throw new PostSocketsError('too-large', `a DNS message has at most ${longestMessage} octets; send fewer records`);
		}
		if (length <= this.#bytes.length) return;
		const bytes = new Uint8Array(Math.max(length, 2 * this.#bytes.length));
		bytes.set(this.#bytes);
		this.#bytes = bytes;
	}
}
