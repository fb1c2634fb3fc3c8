import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { PostSocketsError } from '../../base/errors.ts';
import { settle } from './cascade.ts';
import { transports } from './features-harness.ts';
import type { Policy, ReadOnlyProperties } from './policy.ts';
import { anyPolicy, anyValueOf } from './policy-harness.ts';
import { type CarrierFacts, hasProperty, readProperties, readProperty, setProperty } from './property-access.ts';
import { pascalCase, properties, snakeCase } from './property-name.ts';
import { connectionStates } from './tokens.ts';

const readOnly: ReadOnlyProperties = {
	connState: 'establishing',
	canSend: true,
	canReceive: true,
	singularTransmissionMsgMaxLen: 'not-applicable',
	sendMsgMaxLen: 1_000,
	recvMsgMaxLen: 2_000,
};

/** Over one of the transports, or over none yet. */
function facts(policy: Policy, over?: keyof typeof transports, more: Partial<CarrierFacts> = {}): CarrierFacts {
	const established = over && { transport: over, features: transports[over].features };
	const state = over ? 'established' : 'establishing';
	return { policy: settle('initiate', policy), established, readOnly: { ...readOnly, connState: state }, ...more };
}

test('T-4.1-01 T-4.1-06 a name in any spelling reads the same', () => {
	const carrier = facts({ connPriority: 7 });
	for (const property of properties) {
		for (const name of [property.name.toUpperCase(), snakeCase(property.name), pascalCase(property.name)]) {
			assert.equal(readProperty(carrier, name), readProperty(carrier, property.name), name);
		}
	}
	assert.equal(readProperty(carrier, 'CONNPRIORITY'), 7);
	assert.throws(() => readProperty(carrier, 'connPrio'), { code: 'bad-argument' });
});

test('T-6.2-10 T-8-04 a preference reads as it was set, then as what the transport has', () => {
	const policy: Policy = { reliability: 'prefer', preserveMsgBoundaries: 'avoid', connTimeout: 5_000 };
	const before = readProperties(facts(policy));
	assert.deepEqual([before.reliability, before.preserveMsgBoundaries], ['prefer', 'avoid']);
	for (const connState of connectionStates.slice(1)) {
		const after = readProperties(facts(policy, 'tcp', { readOnly: { ...readOnly, connState } }));
		assert.deepEqual([after.reliability, after.preserveMsgBoundaries], [true, false]);
		assert.deepEqual([after.connState, after.connTimeout], [connState, 5_000]);
	}
});

test('T-8-06 T-6.2-06 a wish that was not fulfilled shows', () => {
	const { multistreaming, reliability } = readProperties(
		facts({ multistreaming: 'prefer', reliability: 'avoid' }, 'tcp'),
	);
	assert.deepEqual([multistreaming, reliability], [false, true]);
});

test('T-6.2-11 what is no preference reads as it was set', () => {
	const policy: Policy = {
		interface: { wlan0: 'prefer' },
		pvd: { home: 'avoid' },
		multipath: 'active',
		direction: 'unidirectional-send',
		advertisesAltaddr: true,
	};
	const carrier = facts(policy, 'tcp');
	for (const [name, value] of Object.entries(policy)) assert.deepEqual(readProperty(carrier, name), value);
});

test('order and reliability of messages are those of the transport, once it is known', () => {
	assert.deepEqual(
		[readProperty(facts({}), 'msgOrdered'), readProperty(facts({}), 'msgReliable')],
		[undefined, undefined],
	);
	const easy: Policy = { reliability: 'none', preserveOrder: 'none' };
	const read = (over: keyof typeof transports) => {
		const { msgOrdered, msgReliable } = readProperties(facts(easy, over));
		return [msgOrdered, msgReliable];
	};
	assert.deepEqual(
		[read('tcp'), read('udp')],
		[
			[true, true],
			[false, false],
		],
	);
});

test('T-8-02 A-3.2-02 everything can be read in every state, as a snapshot, and has() asks booleans and preferences', () => {
	for (const over of [undefined, ...(Object.keys(transports) as (keyof typeof transports)[])]) {
		for (const connState of connectionStates) {
			const carrier = facts({}, over, { readOnly: { ...readOnly, connState } });
			const read = readProperties(carrier);
			assert.deepEqual(Object.keys(read).sort(), properties.map(({ name }) => name).sort());
			assert.notEqual(readProperties(carrier), read);
			for (const { name, type } of properties) {
				if (type.kind === 'boolean' || type.kind === 'preference') {
					assert.equal(typeof hasProperty(carrier, name), 'boolean');
				} else {
					assert.throws(() => hasProperty(carrier, name), { code: 'bad-argument' }, name);
				}
			}
		}
	}
	const before = facts({ keepAlive: 'require', multistreaming: 'prefer', isolateSession: true });
	const has = (name: string) => hasProperty(before, name);
	assert.deepEqual(
		[has('keepAlive'), has('MULTISTREAMING'), has('isolate-session'), has('canSend')],
		[true, false, true, true],
	);
	assert.equal(hasProperty(facts({}, 'udp'), 'preserveMsgBoundaries'), true);
});

const anySetting = fc
	.constantFrom(...properties)
	.chain((property) => anyValueOf(property).map((value) => ({ property, value })));

test('what is set is read back, and the policy there was stays as it is', () => {
	fc.assert(
		fc.property(anyPolicy, anySetting, (layer, { property, value }) => {
			let policy: ReturnType<typeof settle>;
			try {
				policy = settle('initiate', layer);
			} catch {
				return; // it contradicts itself
			}
			const before = JSON.stringify(policy);
			const set = setProperty({ policy, readOnly }, property.name, value);
			assert.equal(JSON.stringify(policy), before);
			if (set.error) {
				assert.ok(set.error instanceof PostSocketsError);
				const fixed = property.readOnly || property.class === 'selection';
				assert.equal(set.error.code, fixed ? 'bad-argument' : 'policy-contradiction');
			} else if (property.name !== 'tcp.userTimeoutChangeable') {
				assert.deepEqual(readProperty({ policy: set.policy, readOnly }, property.name), value);
			}
		}),
		{ numRuns: 500 },
	);
});

// biome-ignore format: one row, one line
const refused: readonly (readonly [why: string, over: 'tcp' | 'udp' | 'quic' | undefined, name: string, value: unknown, code: string, says: RegExp])[] = [
	['T-8-07 connState can only be read', 'tcp', 'connState', 'closed', 'bad-argument', /connState can only be read/],
	['T-8-07 and canSend', undefined, 'canSend', false, 'bad-argument', /canSend can only be read/],
	['a selection property is fixed', 'tcp', 'reliability', 'avoid', 'bad-argument', /reliability is fixed/],
	['before establishment as well', undefined, 'interface', { en0: 'avoid' }, 'bad-argument', /interface is fixed/],
	['no such property', 'tcp', 'connPrioity', 3, 'bad-argument', /no property/],
	['no name at all', 'tcp', 'a b', 3, 'bad-argument', /no property name/],
	['no such value', 'tcp', 'connPriority', -1, 'bad-argument', /connPriority/],
	['a contradiction', 'tcp', 'maxSendRate', 5, 'policy-contradiction', /minSendRate 10 is above maxSendRate 5/],
	['T-8-03 a property of TCP over QUIC', 'quic', 'tcp.userTimeoutEnabled', true, 'not-supported', /is a property of tcp, and this is quic/],
	['T-8-03 and over UDP', 'udp', 'TCP.user-timeout-value', 9, 'not-supported', /this is udp/],
];
for (const [why, over, name, value, code, says] of refused) {
	test(`${why}: an error is returned, and nothing is thrown`, () => {
		const carrier = facts({ minSendRate: 10 }, over);
		const { error, policy } = setProperty(carrier, name, value);
		assert.equal(error?.code, code);
		assert.match(error.message, says);
		assert.equal(policy, undefined);
	});
}

test('T-4-06 a property of TCP may be set before anything is established, and over TLS, which is over TCP', () => {
	assert.equal(setProperty(facts({}), 'tcp.userTimeoutEnabled', true).error, undefined);
	assert.equal(setProperty(facts({}, 'tls'), 'tcp.userTimeoutEnabled', true).error, undefined);
});

test('T-8.2.3 tcp.userTimeoutChangeable reads false once connTimeout is set', () => {
	const carrier = facts({}, 'tcp');
	assert.equal(readProperty(carrier, 'tcp.userTimeoutChangeable'), true);
	const { policy } = setProperty(carrier, 'connTimeout', 9_000);
	assert.equal(readProperty({ ...carrier, policy: policy! }, 'tcp.userTimeoutChangeable'), false);
});
