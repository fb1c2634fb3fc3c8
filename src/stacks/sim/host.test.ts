import { portSuite } from '../../testing/port-suite.ts';
import { stackSuite } from '../../testing/stack-suite.ts';
import { network } from './network.ts';

stackSuite('sim', async () => {
	const net = network();
	const host = net.host('one');
	return { stack: host, open: () => host.ends.open };
});

portSuite('sim', async () => ({
	stack: network().host('one'),
	multicast: { ipv4: 'eth0', ipv6: 'eth0' },
}));
