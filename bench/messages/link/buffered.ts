/** What the kernel of this machine holds of a connection over 127.0.0.1 (Linux). */

import { readFileSync } from 'node:fs';

/** Bytes that came for `local` and were not read. */
export function bufferedIn(local: number, remote: number): number {
	const ends = `${hex(local)} 0100007F:${hex(remote)} 01 `;
	const table = readFileSync('/proc/net/tcp', 'latin1');
	const at = table.indexOf(ends);
	return at < 0 ? 0 : Number.parseInt(table.slice(at + ends.length + 9, at + ends.length + 17), 16);
}

function hex(port: number): string {
	return port.toString(16).toUpperCase().padStart(4, '0');
}
