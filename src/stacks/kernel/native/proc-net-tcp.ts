/** What Linux tells of a TCP connection without the C library: its row in /proc/net/tcp or /proc/net/tcp6. */

import { closeSync, openSync, readSync } from 'node:fs';
import { endianness } from 'node:os';
import { IpAddress } from '../../../base/address.ts';

/** The ends of a connection, as node tells them. */
export interface Ends {
	readonly localAddress?: string | undefined;
	readonly localPort?: number | undefined;
	readonly remoteAddress?: string | undefined;
	readonly remotePort?: number | undefined;
}

/** Bytes of a table that are read at most; of more than some 1,700 connections the last ones are not found. */
const tableLimit = 256 * 2 ** 10;

/** Bytes of one read, and of the longest row. */
const step = 1024;
const longestRow = 256;

/** Reused from reading to reading. */
let table: Buffer | undefined;

/** Bytes that were written and that the peer has not acknowledged. Undefined where there is no such row. */
export function outgoingOf({ localAddress, localPort, remoteAddress, remotePort }: Ends): number | undefined {
	if (process.platform !== 'linux' || !localAddress || !localPort || !remoteAddress || !remotePort) return undefined;
	const local = rowEnd(localAddress, localPort);
	const remote = rowEnd(remoteAddress, remotePort);
	return read(local.length > 13 ? '/proc/net/tcp6' : '/proc/net/tcp', `${local} ${remote}`);
}

/** The field tx_queue of the row of `ends`: `local remote state tx_queue:rx_queue`, all in hexadecimal digits. */
export function queuedIn(rows: string, ends: string): number | undefined {
	const at = rows.indexOf(` ${ends} `);
	if (at < 0) return undefined;
	const [, digits] = /^ [0-9A-F]{2} ([0-9A-F]{8}):/.exec(rows.slice(at + ends.length + 1, at + ends.length + 14)) ?? [];
	return digits === undefined ? undefined : Number.parseInt(digits, 16);
}

/** As the tables write it: words of 32 bits in the order of the machine, then the port. */
export function rowEnd(address: string, port: number, littleEndian = endianness() === 'LE'): string {
	const { bytes } = IpAddress.parse(address);
	const ordered = bytes.map((_, at) => bytes[littleEndian ? at ^ 3 : at]!);
	return `${hex(ordered)}:${hex(Uint8Array.of(port >> 8, port))}`;
}

function hex(bytes: Uint8Array): string {
	return Buffer.from(bytes).toString('hex').toUpperCase();
}

/** By small steps, and no further than to the row: the kernel walks through all it has, a millisecond and more. */
function read(file: string, ends: string): number | undefined {
	table ??= Buffer.allocUnsafeSlow(tableLimit);
	let descriptor: number;
	try {
		descriptor = openSync(file, 'r');
	} catch {
		return undefined;
	}
	try {
		for (let end = 0, from = 0; end < tableLimit; from = Math.max(0, end - longestRow)) {
			const count = readSync(descriptor, table, end, Math.min(step, tableLimit - end), null);
			if (count === 0) return undefined;
			end += count;
			const found = queuedIn(table.toString('latin1', from, end), ends);
			if (found !== undefined) return found;
		}
		return undefined;
	} finally {
		closeSync(descriptor);
	}
}
