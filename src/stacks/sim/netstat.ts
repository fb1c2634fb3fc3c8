/** What netstat, ip and arp show of a host, as text. */

import { formatSocketAddress, type SocketAddress } from '../../base/socket-address.ts';
import type { Inspection } from '../ip/inspection.ts';

export interface StreamLine {
	readonly local: SocketAddress;
	readonly remote: SocketAddress | undefined;
	readonly state: string;
}

export function netstat(
	name: string,
	state: string,
	inspection: Inspection | undefined,
	streams: readonly StreamLine[],
): string {
	const { interfaces = [], routes = [], neighbors = [], sockets = [], counters = {} } = inspection ?? {};
	const open = [
		...sockets.map(({ protocol, local, remote = '*' }) => [protocol, local, remote, '']),
		...streams.map((each) => [
			'tcp',
			formatSocketAddress(each.local),
			each.remote ? formatSocketAddress(each.remote) : '*',
			each.state,
		]),
	];
	return [
		`${name} is ${state}`,
		...table(
			'interfaces',
			interfaces.map((each) => [
				each.name,
				each.up ? 'up' : 'down',
				each.mac ?? '',
				each.addresses
					.map(({ address, state: how }) => (how === 'preferred' ? address : `${address} ${how}`))
					.join(', '),
			]),
		),
		...table(
			'routes',
			routes.map((each) => [each.to, each.via ?? 'on link', each.interface, each.origin]),
		),
		...table(
			'neighbors',
			neighbors.map((each) => [each.address, each.mac ?? '', each.interface, each.state]),
		),
		...table('sockets', open),
		...table(
			'counters',
			Object.entries(counters).map(([key, count]) => [key, String(count)]),
		),
	].join('\n');
}

function table(title: string, rows: readonly (readonly string[])[]): string[] {
	if (rows.length === 0) return [];
	const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
	return [
		`${title}:`,
		...rows.map(
			(row) =>
				`  ${row
					.map((cell, column) => cell.padEnd(widths[column]!))
					.join('  ')
					.trimEnd()}`,
		),
	];
}
