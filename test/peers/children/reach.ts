/** Accepts connections at one address, or connects to one and writes from where, until its standard input ends. */

import { formatSocketAddress, parseSocketAddress } from '../../../src/base/socket-address.ts';
import { kernel } from '../../../src/stacks/kernel/kernel.ts';

export interface Reaching {
	readonly role: 'accept' | 'connect';
	readonly address: string;
	readonly interface?: string;
}

const { role, address, interface: by }: Reaching = JSON.parse(process.argv[2]!);
const stack = kernel();
const { signal } = new AbortController();
const end = parseSocketAddress(address);
if (role === 'accept') {
	await stack.listen(end, { handler: { onFlow() {}, onClose() {} }, signal });
	console.log('ready');
} else {
	const flow = await stack.connect(end, { interface: by, signal });
	console.log(`from ${formatSocketAddress(flow.local)}`);
}
process.stdin.resume().once('end', () => void stack.close());
