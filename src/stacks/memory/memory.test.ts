import { systemClock } from '../../base/clock.ts';
import { virtualClock } from '../../base/virtual-clock.ts';
import { portSuite } from '../../testing/port-suite.ts';
import { resolverSuite } from '../../testing/resolver-suite.ts';
import { stackSuite } from '../../testing/stack-suite.ts';
import { type MemoryStack, memory } from './memory.ts';

const grounds = [
	{ name: 'memory', make: () => memory({ clock: systemClock }) },
	{ name: 'memory, virtual clock, rtt 20', make: () => memory({ clock: virtualClock(), rtt: 20 }) },
];

function open({ sockets }: MemoryStack): number {
	return Object.values(sockets).reduce((sum, count) => sum + count, 0);
}

for (const { name, make } of grounds) {
	const fixture = async () => {
		const stack = make();
		return { stack, open: () => open(stack) };
	};
	stackSuite(name, fixture);
	portSuite(`${name}: ports`, async () => ({
		...(await fixture()),
		multicast: { ipv4: 'memory0', ipv6: 'memory0' },
	}));

	resolverSuite(`${name}: names`, async () => {
		const stack = make();
		const both = { name: 'both.test', A: ['192.0.2.2', '192.0.2.1'], AAAA: ['2001:db8::2', '2001:db8::1'] };
		const onlyA = { name: 'four.test', A: ['192.0.2.4'] };
		stack.names.set(both.name, { A: both.A, AAAA: { addresses: both.AAAA, after: 3 } });
		stack.names.set(onlyA.name, onlyA);
		stack.names.set('silent.test', { A: { status: 'never' }, AAAA: { status: 'never' } });
		return {
			resolver: stack.resolver,
			both,
			onlyA,
			missing: 'missing.test',
			silent: 'silent.test',
			pending: () => stack.sockets.questions,
			close: () => stack.close(),
		};
	});
}
