import { readFileSync, readlinkSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { IpAddress } from '../../base/address.ts';
import type { Interface, InterfaceType } from '../../stack/stack.ts';

/** The interfaces of this machine that are up and have an address. */
export function interfaces(): Interface[] {
	const temporary = temporaryAddresses();
	return Object.entries(networkInterfaces()).map(([name, infos = []]) => {
		const loopback = infos.some((info) => info.internal);
		const addresses = infos.map((info) => {
			const address = IpAddress.parse(info.address);
			if (info.family === 'IPv4' || !address.isLinkLocal) return address;
			// Windows knows interfaces by number. RFC 4007 §11.2
			return address.withZone(process.platform === 'win32' ? String(info.scopeid) : name);
		});
		return {
			name,
			addresses,
			type: loopback ? 'loopback' : typeOf(name),
			temporary: temporary && addresses.filter((address) => temporary.has(hexadecimal(address))),
			mtu: Number.parseInt(sysfs(name, 'mtu') ?? '', 10) || undefined,
			loopback,
		};
	});
}

/** As the drivers say; an Ethernet port is one without a DEVTYPE, on hardware. */
function typeOf(name: string): InterfaceType | undefined {
	const [, type] = /^DEVTYPE=(.+)$/m.exec(sysfs(name, 'uevent') ?? '') ?? [];
	if (type === 'wlan') return 'wi-fi';
	if (type === 'wwan') return 'cellular';
	if (isVirtual(name)) return 'virtual';
	const ethernet = '1'; // ARPHRD_ETHER of Linux
	return type === undefined && sysfs(name, 'type')?.trim() === ethernet ? 'wired' : undefined;
}

/** Bridges, tunnels, and their like have no place on any bus. */
function isVirtual(name: string): boolean {
	try {
		return process.platform === 'linux' && readlinkSync(`/sys/class/net/${name}`).includes('/devices/virtual/net/');
	} catch {
		return false;
	}
}

/** Node does not tell; Linux has it in files of its own memory, which are read in microseconds. */
function sysfs(name: string, file: 'mtu' | 'type' | 'uevent'): string | undefined {
	return process.platform === 'linux' ? read(`/sys/class/net/${name}/${file}`) : undefined;
}

/** In hexadecimal. Each line has address, index, prefix length, scope, flags, and name. */
function temporaryAddresses(): Set<string> | undefined {
	const lines = process.platform === 'linux' ? read('/proc/net/if_inet6')?.trim().split('\n') : undefined;
	const flagged = lines?.map((line) => line.split(/\s+/)).filter(([, , , , flags]) => isTemporary(flags));
	return flagged && new Set(flagged.map(([address]) => address!));
}

/** IFA_F_TEMPORARY of Linux. */
function isTemporary(flags = ''): boolean {
	return (Number.parseInt(flags, 16) & 0x01) !== 0;
}

function hexadecimal(address: IpAddress): string {
	return Buffer.from(address.bytes).toString('hex');
}

function read(path: string): string | undefined {
	try {
		return readFileSync(path, 'latin1');
	} catch {
		// An alias such as `eth0:1`, or a sandbox without /sys or /proc.
		return undefined;
	}
}
