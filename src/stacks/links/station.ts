/** Ethernet addresses where they lie in a frame, as a switch reads them for every frame. */

import { MacAddress } from '../../base/mac-address.ts';

/** An address as a number below 2⁴⁸, which is a cheaper key than text. */
export type Station = number;

export function stationAt(frame: Uint8Array, at: number): Station {
	const upper = (frame[at]! << 16) | (frame[at + 1]! << 8) | frame[at + 2]!;
	const lower = (frame[at + 3]! << 16) | (frame[at + 4]! << 8) | frame[at + 5]!;
	return upper * 2 ** 24 + lower;
}

export function addressOf(station: Station): MacAddress {
	return MacAddress.from(Uint8Array.from({ length: 6 }, (_, index) => Math.floor(station / 2 ** (40 - 8 * index))));
}

/** Multicast or broadcast. */
export function isGroup(frame: Uint8Array, at: number): boolean {
	return (frame[at]! & 1) !== 0;
}

/** To 01:80:c2:00:00:00 up to :0f, which no bridge forwards. IEEE 802.1Q table 8-1 */
export function isReserved(frame: Uint8Array): boolean {
	const start = 0x0180c2 * 2 ** 24;
	const station = stationAt(frame, 0);
	return station >= start && station < start + 16;
}
