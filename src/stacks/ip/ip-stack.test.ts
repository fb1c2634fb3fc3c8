import { IpAddress } from '../../base/address.ts';
import { systemClock } from '../../base/clock.ts';
import { portSuite } from '../../testing/port-suite.ts';
import { ipStack } from './ip-stack.ts';
import { Lan, quiet } from './lan-harness.ts';

const places = [
	{ name: 'loopback', ipv4: '127.0.0.1', ipv6: '::1' },
	{ name: 'its own addresses', ipv4: '192.0.2.1', ipv6: '2001:db8::1' },
];

for (const { name, ipv4, ipv6 } of places) {
	portSuite(`ip stack, ${name}`, async () => {
		const stack = ipStack(new Lan(systemClock).link(1), { ...quiet, addresses: ['192.0.2.1/24', '2001:db8::1/64'] });
		return {
			stack,
			ipv4: IpAddress.parse(ipv4),
			ipv6: IpAddress.parse(ipv6),
			multicast: { ipv4: 'eth0', ipv6: 'eth0' },
			open: () => stack.inspect().sockets.length,
		};
	});
}
