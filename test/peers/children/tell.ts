/** Sends words to groups or hosts, each from a port of its own. */

import { IpAddress } from '../../../src/base/address.ts';
import { type IpEndpoint, parseSocketAddress } from '../../../src/base/socket-address.ts';
import { kernel } from '../../../src/stacks/kernel/kernel.ts';

export interface Telling {
	/** The interface to send by. */
	readonly interface?: string;
	readonly hopLimit?: number;
	readonly words: readonly { readonly from: string; readonly to: string; readonly word: string }[];
}

const telling: Telling = JSON.parse(process.argv[2]!);
const stack = kernel();
const { signal } = new AbortController();

for (const { from, to, word } of telling.words) {
	const local = { address: IpAddress.parse(from), port: 0 };
	const port = await stack.bind(local, { signal, interface: telling.interface, hopLimit: telling.hopLimit });
	await new Promise<void>((resolve, reject) => {
		const target = parseSocketAddress(to) as IpEndpoint;
		port.send(new TextEncoder().encode(word), target, (error) => (error ? reject(error) : resolve()));
	});
	port.close();
}
