/** An IP address with the length of its network: `192.168.122.5/27` is host 5 of the network 192.168.122.0. */

import { IpAddress } from './address.ts';
import { badArgument } from './errors.ts';

/** An address and how many of its leading bits name the network; immutable. RFC 4632 §3.1, RFC 4291 §2.3. */
export class Prefix {
	/** As given, host bits and zone included. */
	readonly address: IpAddress;
	/** In bits: 0 to 32 for IPv4, 0 to 128 for IPv6. */
	readonly length: number;
	/** The address with its host bits zero; it keeps the zone. */
	readonly network: IpAddress;

	private constructor(address: IpAddress, length: number) {
		this.address = address;
		this.length = length;
		this.network = mapBytes(address, (byte, i) => byte & maskByte(length, i));
	}

	/** Throws `bad-argument` unless `length` is a whole number of bits that the address has. */
	static of(address: IpAddress, length: number): Prefix {
		const width = widthOf(address);
		if (Number.isInteger(length) && length >= 0 && length <= width) return new Prefix(address, length);
		throw badArgument(`a prefix of ${address} has a length of 0 to ${width} bits, not ${length}`);
	}

	/**
	 * Reads `192.168.122.5/27`, `192.168.122.5/255.255.255.224` (a mask of ones, then zeros), `2001:db8::1/64` or
	 * `fe80::1%eth0/64` (RFC 4007 §11.7); the length is never implied. Throws `bad-argument`.
	 */
	static parse(text: string): Prefix {
		const prefix = Prefix.tryParse(text);
		if (prefix !== undefined) return prefix;
		throw badArgument(
			`"${text}" is not a prefix; write 192.0.2.0/24 or 192.0.2.0/255.255.255.0 (0 to 32 bits), ` +
				'or 2001:db8::/32 (0 to 128 bits)',
		);
	}

	/** Like `parse`, but undefined where that throws. */
	static tryParse(text: string): Prefix | undefined {
		const slash = text.lastIndexOf('/');
		if (slash < 0) return undefined;
		const address = IpAddress.tryParse(text.slice(0, slash));
		if (address === undefined) return undefined;
		const length = parseLength(text.slice(slash + 1), address.family);
		return length === undefined || length > widthOf(address) ? undefined : new Prefix(address, length);
	}

	/**
	 * The directed broadcast address, host bits all ones. Undefined for IPv6, which has none, and where no address is
	 * left for it: both of a /31 are hosts (RFC 3021 §2.1), and a /32 is a single one.
	 */
	get broadcast(): IpAddress | undefined {
		if (this.address.family === 6 || this.length > 30) return undefined;
		return mapBytes(this.network, (byte, i) => byte | ~maskByte(this.length, i));
	}

	/** `255.255.255.224` for a /27; undefined for IPv6. */
	get netmask(): IpAddress | undefined {
		return this.address.family === 4 ? netmaskOf(this.length) : undefined;
	}

	/** The number of addresses in the network, its own and the broadcast address included. */
	get size(): bigint {
		return 1n << BigInt(widthOf(this.address) - this.length);
	}

	/** The host's number within the network: the bits of the address after the prefix, 0 to `size - 1n`. */
	get host(): bigint {
		const number = this.address.bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
		return number & (this.size - 1n);
	}

	/** Whether the address is in the network; never between families (see `IpAddress.unmapped`). Zones are ignored. */
	contains(address: IpAddress): boolean {
		return address.family === this.network.family && address.commonPrefixLength(this.network) >= this.length;
	}

	/** The same address, host bits and zone included, and the same length; compare `network`s to ask for less. */
	equals(other: Prefix): boolean {
		return this.length === other.length && this.address.equals(other.address);
	}

	/** `192.168.122.5/27`: the address as given in canonical form, and always the length, never a mask. */
	toString(): string {
		return `${this.address}/${this.length}`;
	}

	toJSON(): string {
		return this.toString();
	}
}

function widthOf(address: IpAddress): number {
	return address.family === 4 ? 32 : 128;
}

/** Decimal without leading zeros, or for IPv4 a contiguous mask; the range is the caller's to check. */
function parseLength(text: string, family: 4 | 6): number | undefined {
	if (/^(0|[1-9]\d{0,2})$/.test(text)) return Number(text);
	const mask = family === 4 ? IpAddress.tryParse(text) : undefined;
	if (mask === undefined) return undefined;
	const length = mask.commonPrefixLength(netmaskOf(32));
	return mask.equals(netmaskOf(length)) ? length : undefined;
}

function netmaskOf(length: number): IpAddress {
	return mapBytes(IpAddress.any4, (_, i) => maskByte(length, i));
}

/** Byte `index` of the mask that has `length` leading ones. */
function maskByte(length: number, index: number): number {
	const ones = Math.min(8, Math.max(0, length - 8 * index));
	return (0xff00 >> ones) & 0xff;
}

function mapBytes(address: IpAddress, change: (byte: number, index: number) => number): IpAddress {
	return IpAddress.from(address.bytes.map(change), address.zone);
}
