import { IpAddress } from '../../../base/address.ts';
import { systemClock } from '../../../base/clock.ts';
import { stackSuite } from '../../../testing/stack-suite.ts';
import { ipStack } from '../ip-stack.ts';
import { Lan, quiet } from '../lan-harness.ts';

stackSuite('ip stack, to itself', async () => {
	const stack = ipStack(new Lan(systemClock).link(1), { ...quiet, addresses: ['192.0.2.1/24', '2001:db8::1/64'] });
	return {
		stack,
		ipv4: IpAddress.parse('192.0.2.1'),
		ipv6: IpAddress.loopback6,
		open: () => stack.inspect().sockets.length,
	};
});
