import { readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { IpAddress } from '../../base/address.ts';
import type { Interface } from '../../stack/stack.ts';

/** The interfaces of this machine that are up and have an address. */
export function interfaces(): Interface[] {
	return Object.entries(networkInterfaces()).map(([name, infos = []]) => ({
		name,
		addresses: infos.map((info) => {
			const address = IpAddress.parse(info.address);
			if (info.family === 'IPv4' || !address.isLinkLocal) return address;
			// Windows knows interfaces by number. RFC 4007 §11.2
			return address.withZone(process.platform === 'win32' ? String(info.scopeid) : name);
		}),
		mtu: mtuOf(name),
		loopback: infos.some((info) => info.internal),
	}));
}

/** Node does not tell; Linux has it in a file of its own memory, which is read in microseconds. */
function mtuOf(name: string): number | undefined {
	if (process.platform !== 'linux') return undefined;
	try {
		return Number.parseInt(readFileSync(`/sys/class/net/${name}/mtu`, 'latin1'), 10) || undefined;
	} catch {
		// An alias such as `eth0:1`, or a sandbox without /sys.
		return undefined;
	}
}
