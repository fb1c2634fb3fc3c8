/** A server of DHCP for tests: a few addresses, one after the other, on a stack of ours. RFC 2131 §4.3 */

import { IpAddress } from '../../base/address.ts';
import * as dhcp from '../../wire/dhcp.ts';
import type { DhcpMessageType, DhcpOptions } from '../../wire/dhcp-options.ts';
import type { IpStack } from './ip-stack.ts';
import { end } from './lan-harness.ts';

export interface Served {
	/** Those it gives out, the first that is free to each client. */
	pool: string[];
	/** Beside what makes a lease: the lease time in seconds, routers, ... */
	options: DhcpOptions;
	/** Whether it answers at all. */
	answers: boolean;
	/** Refuse every request. */
	refuses: boolean;
	/** What it heard, with the address it was from. */
	readonly log: string[];
}

export async function dhcpServer(stack: IpStack, address: string, now: () => number): Promise<Served> {
	const server = IpAddress.parse(address);
	const taken = new Map<string, string>();
	const served: Served = { pool: [], options: {}, answers: true, refuses: false, log: [] };
	const port = await stack.bind(end('0.0.0.0:67'), { signal: new AbortController().signal });
	port.handler = {
		onError() {},
		onClose() {},
		onDatagram(bytes, from) {
			const message = dhcp.parse(bytes);
			if (typeof message === 'string') throw new Error(message);
			const { messageType, requestedAddress } = message.options;
			served.log.push(`${now()} ${messageType} from ${from.address}`);
			const client = message.clientHardware.toString();
			if (messageType === 'release' || messageType === 'decline') taken.delete(client);
			if (messageType === 'decline') served.pool = served.pool.filter((each) => each !== String(requestedAddress));
			if (!served.answers || (messageType !== 'discover' && messageType !== 'request')) return;
			const others = [...taken].filter(([owner]) => owner !== client).map(([, own]) => own);
			const free = taken.get(client) ?? served.pool.find((each) => !others.includes(each));
			if (free === undefined) return;
			taken.set(client, free);
			const type: DhcpMessageType = messageType === 'discover' ? 'offer' : served.refuses ? 'nak' : 'ack';
			const reply: dhcp.DhcpMessage = {
				...message,
				operation: 'reply',
				yourAddress: IpAddress.parse(free),
				options: {
					messageType: type,
					serverIdentifier: server,
					subnetMask: IpAddress.parse('255.255.255.0'),
					...served.options,
				},
			};
			const out = new Uint8Array(dhcp.lengthOf(reply));
			dhcp.emit(reply, out, 0);
			const unicast = !message.clientAddress.isUnspecified;
			port.send(out, unicast ? { address: message.clientAddress, port: 68 } : end('255.255.255.255:68'));
		},
	};
	return served;
}
