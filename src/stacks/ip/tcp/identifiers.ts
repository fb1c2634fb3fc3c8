/** Numbers that nobody can guess: initial sequence numbers, clocks of timestamps, cookies. RFC 6528, RFC 4987 §3.6 */

import type { IpEndpoint } from '../../../base/socket-address.ts';
import { putUint16, putUint32 } from '../../../wire/network-order.ts';
import { sipHash } from '../sip-hash.ts';

/** What a cookie brings back. */
export interface CookieContent {
	readonly maximumSegmentSize: number;
}

/** Milliseconds of one number of a cookie's clock: a cookie is good for one to two of them. RFC 4987 §3.6 */
const cookiePeriod = 64_000;

/** Segment sizes that a cookie can tell, in three bits. */
const sizes = [216, 536, 1024, 1220, 1300, 1440, 1460, 8960];

export class Identifiers {
	readonly #secret: Uint8Array;

	/** 16 bytes. */
	constructor(secret: Uint8Array) {
		this.#secret = secret;
	}

	/** RFC 6528 §3: a clock of 4 microseconds, begun elsewhere for each pair of ends. */
	initialSequence(local: IpEndpoint, remote: IpEndpoint, now: number): number {
		return (Number(this.#hash(local, remote, 0) & 0xffff_ffffn) + Math.floor(now * 250)) >>> 0;
	}

	/** What is added to the milliseconds of the clock. RFC 7323 §5.4 */
	timestampOffset(local: IpEndpoint, remote: IpEndpoint): number {
		return Number(this.#hash(local, remote, 1) & 0xffff_ffffn);
	}

	/** An initial sequence number that says what the SYN said. `sequence` is the SYN's. */
	cookie(local: IpEndpoint, remote: IpEndpoint, sequence: number, size: number, now: number): number {
		const period = Math.floor(now / cookiePeriod);
		let index = sizes.length - 1;
		while (index > 0 && sizes[index]! > size) index -= 1;
		return this.#cookieOf(local, remote, sequence, index, period);
	}

	/** Of what acknowledges a cookie; undefined if we did not make it, or too long ago. */
	readCookie(
		local: IpEndpoint,
		remote: IpEndpoint,
		sequence: number,
		cookie: number,
		now: number,
	): CookieContent | undefined {
		const period = Math.floor(now / cookiePeriod);
		const index = (cookie >>> 24) & 7;
		for (const candidate of [period, period - 1]) {
			if (this.#cookieOf(local, remote, sequence, index, candidate) === cookie) {
				return { maximumSegmentSize: sizes[index]! };
			}
		}
		return undefined;
	}

	#cookieOf(local: IpEndpoint, remote: IpEndpoint, sequence: number, index: number, period: number): number {
		const hash = Number(this.#hash(local, remote, 2, sequence, period, index) & 0xff_ffffn);
		return (((period & 31) << 27) | (index << 24) | hash) >>> 0;
	}

	#hash(local: IpEndpoint, remote: IpEndpoint, use: number, ...numbers: number[]): bigint {
		const bytes = new Uint8Array(40 + 4 * numbers.length);
		local.address.copyTo(bytes, 0);
		remote.address.copyTo(bytes, 16);
		putUint16(bytes, 32, local.port);
		putUint16(bytes, 34, remote.port);
		bytes[36] = use;
		for (const [index, number] of numbers.entries()) putUint32(bytes, 40 + 4 * index, number);
		return sipHash(this.#secret, bytes);
	}
}
