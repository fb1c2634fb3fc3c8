import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { IpAddress } from '../../base/address.ts';

/** Bytes of a hosts file that are read; what follows is ignored. */
export const hostsFileLimit = 1_048_576;

/** Where this system keeps it. */
export function systemHostsFile(): string {
	if (process.platform !== 'win32') return '/etc/hosts';
	return `${process.env['SystemRoot'] ?? 'C:\\Windows'}\\System32\\drivers\\etc\\hosts`;
}

/**
 * A hosts file, read again whenever it has changed. It is looked at without the thread pool: a file this small is in
 * memory, and a pool full of getaddrinfo is what this resolver is there to avoid.
 */
export class HostsFile {
	readonly #path: string;
	#version = '';
	#names = new Map<string, readonly IpAddress[]>();

	constructor(path: string) {
		this.#path = path;
	}

	/** The addresses of a name in lower case, in the order of the file; undefined for a name that is not there. */
	addressesOf(name: string): readonly IpAddress[] | undefined {
		this.#refresh();
		return this.#names.get(name);
	}

	#refresh(): void {
		let version = '';
		try {
			const { ino, size, mtimeNs } = statSync(this.#path, { bigint: true });
			version = `${ino} ${size} ${mtimeNs}`;
			if (version === this.#version) return;
			this.#names = parseHosts(readStart(this.#path));
		} catch {
			this.#names = new Map();
		}
		this.#version = version;
	}
}

/** An address, then its names, to a `#` or the end of the line (hosts(5)). Lines that begin otherwise are skipped. */
export function parseHosts(text: string): Map<string, readonly IpAddress[]> {
	const names = new Map<string, IpAddress[]>();
	for (const line of text.split('\n')) {
		const [first = '', ...rest] = line.replace(/#.*/s, '').trim().split(/\s+/);
		const address = IpAddress.tryParse(first);
		if (address === undefined) continue;
		for (const name of rest) {
			const key = name.toLowerCase().replace(/\.$/, '');
			const addresses = names.get(key);
			if (addresses === undefined) names.set(key, [address]);
			else if (!addresses.some((known) => known.equals(address))) addresses.push(address);
		}
	}
	return names;
}

function readStart(path: string): string {
	const file = openSync(path, 'r');
	try {
		const bytes = Buffer.alloc(hostsFileLimit);
		const length = readSync(file, bytes, 0, hostsFileLimit, 0);
		const text = bytes.toString('utf8', 0, length);
		// A line that is cut off could be read as another name.
		return length < hostsFileLimit ? text : text.slice(0, text.lastIndexOf('\n') + 1);
	} finally {
		closeSync(file);
	}
}
