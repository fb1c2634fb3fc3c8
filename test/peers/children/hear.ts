/** Binds ports and writes what each hears, one line per datagram, until each has heard "end". */

import { IpAddress } from '../../../src/base/address.ts';
import { formatSocketAddress } from '../../../src/base/socket-address.ts';
import { kernel } from '../../../src/stacks/kernel/kernel.ts';

export interface Hearing {
	readonly interface: string;
	readonly port: number;
	/** By the name it is to be known by. */
	readonly members: Readonly<Record<string, { readonly group: string; readonly source?: string }>>;
}

const hearing: Hearing = JSON.parse(process.argv[2]!);
const stack = kernel();
const { signal } = new AbortController();
const text = new TextDecoder();

for (const [name, { group, source }] of Object.entries(hearing.members)) {
	const address = IpAddress.parse(group);
	const any = address.family === 4 ? IpAddress.any4 : IpAddress.any6;
	const port = await stack.bind(
		{ address: any, port: hearing.port },
		{
			signal,
			group: {
				address,
				source: source === undefined ? undefined : IpAddress.parse(source),
				interface: hearing.interface,
			},
		},
	);
	port.handler = {
		onDatagram(bytes, from) {
			const word = text.decode(bytes);
			console.log(`${name} ${word} ${from.address}`);
			if (word === 'end') port.close();
		},
		onError: (error) => console.error(error),
		onClose() {},
	};
	console.log(`${name} is ${formatSocketAddress(port.local)}`);
}
console.log('ready');
