import assert from 'node:assert/strict';
import { test } from 'node:test';
import { memory } from '../../stacks/memory/memory.ts';
import { capabilitiesOf } from './capabilities.ts';
import { settle } from './cascade.ts';
import { transports } from './features-harness.ts';
import type { CarrierFacts } from './property-access.ts';
import { properties } from './property-name.ts';

const readOnly = {
	connState: 'established',
	canSend: true,
	canReceive: true,
	singularTransmissionMsgMaxLen: 'not-applicable',
	sendMsgMaxLen: 1_000,
	recvMsgMaxLen: 2_000,
} as const;

function over(transport: keyof typeof transports): CarrierFacts {
	const { features } = transports[transport];
	return { policy: settle('initiate', { connPriority: 3 }), established: { transport, features }, readOnly };
}

test('every property has its value, what comes of it, and a reason where that is not all', () => {
	const stack = memory();
	for (const facts of [over('tcp'), { policy: settle('initiate'), readOnly }]) {
		const told = capabilitiesOf(facts, stack).properties;
		assert.deepEqual(
			Object.keys(told),
			properties.map(({ name }) => name),
		);
		for (const { name, effect } of properties) {
			assert.equal(told[name].effect, effect, name);
			assert.equal(told[name].why === undefined, effect === 'enforced', name);
		}
		assert.deepEqual(JSON.parse(JSON.stringify(told.multipath)), told.multipath);
	}
	const { reliability, connPriority } = capabilitiesOf(over('tcp'), stack).properties;
	assert.deepEqual([reliability, connPriority.value], [{ value: true, effect: 'enforced' }, 3]);
});

test('a property of another protocol does nothing, and says so', () => {
	const { properties } = capabilitiesOf(over('udp'), memory());
	assert.deepEqual(properties['tcp.userTimeoutValue'], {
		value: 'tcp-default',
		effect: 'none',
		why: 'tcp.userTimeoutValue is a property of tcp, and this is udp',
	});
});

test('abilities are there by what the transport and the stack have, and by what else is known', () => {
	const stack = memory();
	const { abilities } = capabilitiesOf(over('quic'), stack, { metrics: true, nativeOptions: 'koffi is not installed' });
	for (const name of ['earlyData', 'groupVisibility', 'names', 'interfaces', 'pathChanges', 'metrics'] as const) {
		assert.deepEqual(abilities[name], { available: true }, name);
	}
	for (const name of ['acked', 'ecn', 'multipath'] as const) {
		assert.equal(abilities[name].available, false, name);
		assert.ok(abilities[name].why, name);
	}
	assert.deepEqual(abilities.nativeOptions, { available: false, why: 'koffi is not installed' });
	const { name, clock, features } = stack;
	const bare = capabilitiesOf(over('tcp'), { name, clock, features, close: async () => {} }).abilities;
	assert.deepEqual(
		Object.values(bare).map(({ available }) => available),
		Object.values(bare).map(() => false),
	);
});
