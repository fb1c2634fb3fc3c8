/** The link of the loopback interface: nothing leaves by it, for what a host sends to itself never gets so far. */

import { deaf, type Link } from '../../stack/link.ts';

export function nullLink(name: string, mtu: number): Link {
	return {
		name,
		medium: 'ip',
		mtu,
		address: undefined,
		offloads: {},
		up: true,
		handler: deaf,
		send: () => true,
		close() {},
		ref() {},
		unref() {},
	};
}
