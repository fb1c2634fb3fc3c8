import { IpAddress } from '../base/address.ts';

/**
 * The content of a hosts file, by name in lower case: an address, then its names, to a `#` or the end of the line
 * (hosts(5)). Lines that begin otherwise are skipped. Who reads the file bounds it.
 */
export function parseHosts(text: string): Map<string, readonly IpAddress[]> {
	const hosts = new Map<string, IpAddress[]>();
	for (const line of text.split('\n')) {
		const [first = '', ...names] = line.replace(/#.*/s, '').trim().split(/\s+/);
		const address = IpAddress.tryParse(first);
		if (address === undefined) continue;
		for (const name of names) {
			const key = name.toLowerCase().replace(/\.$/, '');
			const known = hosts.get(key) ?? [];
			if (!known.some((each) => each.equals(address))) hosts.set(key, [...known, address]);
		}
	}
	return hosts;
}
