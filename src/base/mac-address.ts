/** A hardware address of Ethernet as an immutable value; as the key of a Map use `toString()`. */

import { badArgument } from './errors.ts';

/** Six octets, in the order in which they are sent. IEEE 802 calls it EUI-48. */
export class MacAddress {
	static readonly broadcast = MacAddress.from(new Uint8Array(6).fill(0xff));
	static readonly zero = MacAddress.from(new Uint8Array(6));

	/** Plain, not `#`, so that deepEqual in tests sees it. */
	private readonly octets: Uint8Array;

	private constructor(octets: Uint8Array) {
		this.octets = octets;
	}

	/** Reads `02:00:5e:10:00:01` or `02-00-5E-10-00-01`; nothing else. Throws `bad-argument`. */
	static parse(text: string): MacAddress {
		const address = MacAddress.tryParse(text);
		if (address !== undefined) return address;
		throw badArgument(`"${text}" is not a MAC address; write six pairs of hexadecimal digits, as 02:00:5e:10:00:01`);
	}

	/** Like `parse`, but undefined where that throws. */
	static tryParse(text: string): MacAddress | undefined {
		if (!/^[\da-f]{2}([:-])[\da-f]{2}(\1[\da-f]{2}){4}$/i.test(text)) return undefined;
		return new MacAddress(Uint8Array.from(text.split(/[:-]/), (pair) => Number.parseInt(pair, 16)));
	}

	/** The address of 6 bytes, which are copied. Throws `bad-argument` on any other number. */
	static from(bytes: Uint8Array): MacAddress {
		if (bytes.length !== 6) throw badArgument(`a MAC address has 6 bytes, not ${bytes.length}`);
		return MacAddress.at(bytes, 0);
	}

	/** The address that lies in a frame at `offset`, which must have its 6 bytes; they are copied. */
	static at(bytes: Uint8Array, offset: number): MacAddress {
		const octets = new Uint8Array(6);
		for (let i = 0; i < 6; i++) octets[i] = bytes[offset + i]!;
		return new MacAddress(octets);
	}

	/** A new array each time: it is the caller's. */
	get bytes(): Uint8Array {
		return this.octets.slice();
	}

	/** Whether it names a group of receivers; broadcast is one. */
	get isMulticast(): boolean {
		return (this.octets[0]! & 1) !== 0;
	}

	/** Whether somebody chose it, rather than the maker of the hardware. */
	get isLocal(): boolean {
		return (this.octets[0]! & 2) !== 0;
	}

	equals(other: MacAddress): boolean {
		return this.equalsAt(other.octets, 0);
	}

	/** Whether the frame has this address at `offset`. */
	equalsAt(bytes: Uint8Array, offset: number): boolean {
		for (let i = 0; i < 6; i++) {
			if (this.octets[i] !== bytes[offset + i]) return false;
		}
		return true;
	}

	copyTo(out: Uint8Array, offset: number): void {
		out.set(this.octets, offset);
	}

	/** `02:00:5e:10:00:01`, which `parse` reads back. */
	toString(): string {
		return Array.from(this.octets, (octet) => octet.toString(16).padStart(2, '0')).join(':');
	}

	toJSON(): string {
		return this.toString();
	}
}
