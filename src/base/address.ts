/**
 * An IP address as an immutable value: strict text in, canonical text out. Two addresses are the same when `equals`
 * says so; as the key of a Map use `toString()`.
 */

import { badArgument } from './errors.ts';

/**
 * An IPv4 or IPv6 address, the latter with an optional zone (RFC 4007). The questions (`isLoopback`, ...) ask an
 * IPv4-mapped address about the IPv4 address in it, for that is where a packet to it goes.
 */
export class IpAddress {
	/** `0.0.0.0`: every local IPv4 address. */
	static readonly any4 = IpAddress.from(new Uint8Array(4));
	/** `::`: every local IPv6 address. */
	static readonly any6 = IpAddress.from(new Uint8Array(16));
	static readonly loopback4 = IpAddress.from(Uint8Array.of(127, 0, 0, 1));
	static readonly loopback6 = IpAddress.from(new Uint8Array(16).fill(1, 15));

	readonly family: 4 | 6;
	/** The interface of an address that means nothing without one, as written: `eth0`, `2`. RFC 4007 §11.2. */
	readonly zone: string | undefined;
	/** Plain, not `#`, so that deepEqual in tests sees it; the cache below is hidden from it for the same reason. */
	private readonly octets: Uint8Array;
	#text: string | undefined;

	private constructor(octets: Uint8Array, zone: string | undefined) {
		this.family = octets.length === 4 ? 4 : 6;
		this.octets = octets;
		this.zone = zone;
	}

	/**
	 * Reads `192.0.2.1` (four decimal octets without leading zeros, RFC 6943 §3.1.1) or any form of RFC 4291 §2.2
	 * with an optional `%zone`; nothing else. Throws `bad-argument`.
	 */
	static parse(text: string): IpAddress {
		const address = IpAddress.tryParse(text);
		if (address !== undefined) return address;
		throw badArgument(
			`"${text}" is not an IP address; write 192.0.2.1 (decimal, no leading zeros), 2001:db8::1, ::ffff:192.0.2.1 ` +
				'or fe80::1%eth0, without brackets, port, prefix length or spaces',
		);
	}

	/** Like `parse`, but undefined where that throws. */
	static tryParse(text: string): IpAddress | undefined {
		const percent = text.indexOf('%');
		if (percent < 0) {
			const octets = text.includes(':') ? parseIpv6(text) : parseIpv4(text);
			return octets && new IpAddress(octets, undefined);
		}
		const octets = parseIpv6(text.slice(0, percent));
		const zone = text.slice(percent + 1);
		return octets && isZone(zone) ? new IpAddress(octets, zone) : undefined;
	}

	/**
	 * The address of 4 or 16 bytes in network order, which are copied. Throws `bad-argument` on any other number of
	 * bytes, and on a zone that is malformed or given to an IPv4 address.
	 */
	static from(bytes: Uint8Array, zone?: string): IpAddress {
		if (bytes.length !== 4 && bytes.length !== 16) {
			throw badArgument(`an IP address has 4 or 16 bytes, not ${bytes.length}`);
		}
		// Not slice(): a Buffer's shares the memory.
		return new IpAddress(new Uint8Array(bytes), undefined).withZone(zone);
	}

	/** The address that lies in a packet at `offset`, which must have the 4 or 16 bytes of the family; they are copied. */
	static at(bytes: Uint8Array, offset: number, family: 4 | 6): IpAddress {
		const octets = new Uint8Array(family === 4 ? 4 : 16);
		for (let i = 0; i < octets.length; i++) octets[i] = bytes[offset + i]!;
		return new IpAddress(octets, undefined);
	}

	/** 4 or 16 bytes in network order. A new array each time: it is the caller's. */
	get bytes(): Uint8Array {
		return this.octets.slice();
	}

	/** `0.0.0.0` or `::`. */
	get isUnspecified(): boolean {
		return this.unmapped().octets.every((octet) => octet === 0);
	}

	/** 127.0.0.0/8 (RFC 1122 §3.2.1.3) or `::1` (RFC 4291 §2.5.3). */
	get isLoopback(): boolean {
		const [family, a] = this.#head();
		return family === 4 ? a === 127 : this.commonPrefixLength(IpAddress.loopback6) === 128;
	}

	/** Link-local unicast: 169.254.0.0/16 (RFC 3927) or fe80::/10 (RFC 4291 §2.5.6). */
	get isLinkLocal(): boolean {
		const [family, a, b] = this.#head();
		return family === 4 ? a === 169 && b === 254 : a === 0xfe && (b & 0xc0) === 0x80;
	}

	/** 224.0.0.0/4 (RFC 5771) or ff00::/8 (RFC 4291 §2.7). */
	get isMulticast(): boolean {
		const [family, a] = this.#head();
		return family === 4 ? (a & 0xf0) === 0xe0 : a === 0xff;
	}

	/** 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16 (RFC 1918 §3) or fc00::/7 (RFC 4193 §3.1). */
	get isPrivate(): boolean {
		const [family, a, b] = this.#head();
		if (family === 6) return (a & 0xfe) === 0xfc;
		return a === 10 || (a === 172 && (b & 0xf0) === 16) || (a === 192 && b === 168);
	}

	/** `::ffff:a.b.c.d`, an IPv4 address in the dress of IPv6. RFC 4291 §2.5.5.2. */
	get isV4Mapped(): boolean {
		return this.family === 6 && this.octets.every((octet, i) => i > 11 || octet === (i < 10 ? 0 : 0xff));
	}

	/** The IPv4 address in an IPv4-mapped one (a zone is dropped); any other address is returned as it is. */
	unmapped(): IpAddress {
		return this.isV4Mapped ? new IpAddress(this.octets.slice(12), undefined) : this;
	}

	/** The same address in another zone, or in none. Throws `bad-argument` on a malformed zone, or one for IPv4. */
	withZone(zone: string | undefined): IpAddress {
		if (zone === this.zone) return this;
		if (zone !== undefined && this.family === 4) throw badArgument(`the IPv4 address ${this} cannot have a zone`);
		if (zone !== undefined && !isZone(zone)) {
			throw badArgument(`"${zone}" is not a zone; write the name or number of an interface, such as eth0 or 2`);
		}
		return new IpAddress(this.octets, zone);
	}

	/** Whether the packet has this address, whose zone is ignored, at `offset`. */
	equalsAt(bytes: Uint8Array, offset: number): boolean {
		const { octets } = this;
		for (let i = 0; i < octets.length; i++) {
			if (octets[i] !== bytes[offset + i]) return false;
		}
		return true;
	}

	/** Writes the 4 or 16 bytes in network order; the zone stays here. */
	copyTo(out: Uint8Array, offset: number): void {
		const { octets } = this;
		// Not set(): for so few bytes it takes longer.
		for (let i = 0; i < octets.length; i++) out[offset + i] = octets[i]!;
	}

	/** One bit, 0 being the first and most significant. */
	bit(index: number): 0 | 1 {
		return ((this.octets[index >> 3]! >> (7 - (index & 7))) & 1) as 0 | 1;
	}

	/** How many leading bits are the same in both; 0 between families. Zones are ignored. */
	commonPrefixLength(other: IpAddress): number {
		if (this.family !== other.family) return 0;
		const { octets } = this;
		let i = 0;
		while (i < octets.length && octets[i] === other.octets[i]) i++;
		return i === octets.length ? 8 * i : 8 * i + Math.clz32(octets[i]! ^ other.octets[i]!) - 24;
	}

	/** The same family, bits and zone; `::ffff:192.0.2.1` does not equal `192.0.2.1`. */
	equals(other: IpAddress): boolean {
		return this.compare(other) === 0;
	}

	/** Below, at or above 0 as this sorts before, with or after `other`: IPv4 first, then by number, then by zone. */
	compare(other: IpAddress): number {
		if (this.family !== other.family) return this.family - other.family;
		const { octets, zone = '' } = this;
		for (let i = 0; i < octets.length; i++) {
			if (octets[i] !== other.octets[i]) return octets[i]! - other.octets[i]!;
		}
		const otherZone = other.zone ?? '';
		return zone === otherZone ? 0 : zone < otherZone ? -1 : 1;
	}

	/** The canonical text, which `parse` reads back. RFC 5952 §4 and §5, with the zone of RFC 4007 §11.2. */
	toString(): string {
		this.#text ??= this.#format() + (this.zone === undefined ? '' : `%${this.zone}`);
		return this.#text;
	}

	toJSON(): string {
		return this.toString();
	}

	#format(): string {
		if (this.isV4Mapped) return `::ffff:${this.unmapped()}`;
		return this.family === 4 ? this.octets.join('.') : formatIpv6(this.octets);
	}

	/** What a classification needs: the family and the first two octets, of the IPv4 address if mapped. */
	#head(): [family: 4 | 6, first: number, second: number] {
		const { family, octets } = this.unmapped();
		return [family, octets[0]!, octets[1]!];
	}
}

/** Any name an interface can have, less what ends a zone in a URL, an endpoint or a prefix. RFC 4007 §11.7. */
function isZone(text: string): boolean {
	return /^[^\s\p{Cc}%/[\]]+$/u.test(text);
}

function parseIpv4(text: string): Uint8Array | undefined {
	const parts = text.split('.', 5);
	if (parts.length !== 4 || !parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part))) return undefined;
	const numbers = parts.map(Number);
	return numbers.every((number) => number <= 255) ? Uint8Array.from(numbers) : undefined;
}

function parseIpv6(text: string): Uint8Array | undefined {
	// A trailing dotted quad stands for the last two groups: they are taken as zeros and the quad laid over them.
	const last = text.lastIndexOf(':') + 1;
	const quad = text.includes('.') ? parseIpv4(text.slice(last)) : undefined;
	const halves = (quad ? `${text.slice(0, last)}0:0` : text).split('::', 3);
	const [left = [], right = []] = halves.map((half) => (half === '' ? [] : half.split(':', 9)));
	// `::` stands for one or more groups, and comes at most once. RFC 4291 §2.2
	const gap = 8 - left.length - right.length;
	if (halves.length === 1 ? gap !== 0 : halves.length === 3 || gap < 1) return undefined;
	const groups = [...left, ...new Array<string>(gap).fill('0'), ...right];
	if (!groups.every((group) => /^[\da-f]{1,4}$/i.test(group))) return undefined;
	const numbers = groups.map((group) => Number.parseInt(group, 16));
	const octets = Uint8Array.from(numbers.flatMap((number) => [number >> 8, number]));
	if (quad) octets.set(quad, 12);
	return octets;
}

function formatIpv6(octets: Uint8Array): string {
	const groups = Array.from({ length: 8 }, (_, i) => ((octets[2 * i]! << 8) | octets[2 * i + 1]!).toString(16));
	// The leftmost of the longest runs of zeros, but never a lone group. RFC 5952 §4.2.2, §4.2.3
	let start = 0;
	let length = 1;
	for (let i = 0; i < 8; i++) {
		let end = i;
		while (groups[end] === '0') end++;
		if (end - i > length) [start, length] = [i, end - i];
	}
	if (length === 1) return groups.join(':');
	return `${groups.slice(0, start).join(':')}::${groups.slice(start + length).join(':')}`;
}
