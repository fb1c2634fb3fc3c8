/** The CRC of an Ethernet frame. IEEE 802.3 §3.2.9 */

/** Of the bytes from `start` to `end`; a whole number from 0 to 2³² - 1. */
export function crc32(bytes: Uint8Array, start: number, end: number): number {
	let crc = -1;
	for (let at = start; at < end; at += 1) crc = (crc >>> 8) ^ table[(crc ^ bytes[at]!) & 0xff]!;
	return ~crc >>> 0;
}

/** For each byte the remainder of its eight bits, least significant first. */
const table = Int32Array.from({ length: 256 }, (_, byte) => {
	let crc = byte;
	for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb8_8320 : 0);
	return crc;
});
