import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { PostSocketsError } from '../../base/errors.ts';
import { change, settle } from './cascade.ts';
import type { Policy } from './policy.ts';
import { anyPolicy, shuffled } from './policy-harness.ts';
import type { Action } from './properties.ts';
import { properties, snakeCase } from './property-name.ts';
import { refusal } from './refusal-harness.ts';
import type { SettledPolicy } from './settled.ts';

const actions: readonly Action[] = ['initiate', 'listen', 'rendezvous'];

test('T-6.2-01 I-3-01 what is unset reads as the default of RFC 9622', () => {
	const { selection, connection, message, asked } = settle('initiate');
	assert.deepEqual(asked, {});
	assert.equal(selection.reliability, 'require');
	assert.equal(selection.multistreaming, 'prefer');
	assert.deepEqual(selection.interface, {});
	assert.equal(connection.connTimeout, 'disabled');
	assert.equal(connection.connScheduler, 'weighted-fair-queueing');
	assert.deepEqual(message, {
		msgLifetime: 'infinite',
		msgPriority: 100,
		msgOrdered: undefined,
		safelyReplayable: false,
		final: false,
		msgChecksumLen: 'full-coverage',
		msgReliable: undefined,
		msgCapacityProfile: 'default',
		noFragmentation: false,
		noSegmentation: false,
	});
	assert.deepEqual(settle('initiate', undefined, {}, { reliability: undefined }), settle('initiate'));
});

test('T-6.2-14 T-6.2.14 two defaults depend on the action, and are found when it is called', () => {
	const policy: Policy = { connPriority: 1 };
	const read = actions.map((action) => {
		const { useTemporaryLocalAddress, multipath } = settle(action, policy).selection;
		return [useTemporaryLocalAddress, multipath];
	});
	assert.deepEqual(read, [
		['prefer', 'disabled'],
		['avoid', 'passive'],
		['avoid', 'disabled'],
	]);
	assert.equal(settle('listen', { multipath: 'disabled' }).selection.multipath, 'disabled');
});

test('T-6.2-02 the last value of a property stands, whole', () => {
	const association: Policy = { interface: { eth0: 'avoid' }, keepAlive: 'prefer', connTimeout: 1_000 };
	const policy = settle('initiate', association, { interface: { wlan0: 'Prefer' as 'prefer' }, keepAlive: undefined });
	assert.deepEqual(policy.selection.interface, { wlan0: 'prefer' });
	assert.equal(policy.selection.keepAlive, 'prefer');
	assert.equal(policy.connection.connTimeout, 1_000);
	assert.deepEqual(policy.asked, { interface: { wlan0: 'prefer' }, keepAlive: 'prefer', connTimeout: 1_000 });
});

test('nothing that is done to the layers afterwards changes the policy, and nothing can be done to it', () => {
	const mine = { interface: { wlan0: 'prefer' } as Record<string, 'prefer' | 'prohibit'>, connPriority: 5 };
	const policy = settle('initiate', mine);
	mine.interface['wlan0'] = 'prohibit';
	mine.connPriority = 6;
	assert.deepEqual(policy.asked, { interface: { wlan0: 'prefer' }, connPriority: 5 });
	assert.equal(policy.connection.connPriority, 5);
	const frozen = (value: unknown): boolean =>
		typeof value !== 'object' || value === null || (Object.isFrozen(value) && Object.values(value).every(frozen));
	assert.ok(frozen(policy));
	assert.ok(frozen(settle('listen')));
});

test('names may have another spelling, but only one in a layer', () => {
	const policy = settle('initiate', { conn_timeout: 5, 'TCP.UserTimeoutEnabled': true } as Policy);
	assert.equal(policy.connection.connTimeout, 5);
	assert.equal(policy.connection['tcp.userTimeoutEnabled'], true);
	const twice = refusal(() => settle('initiate', { connTimeout: 5, conn_timeout: 6 } as Policy));
	assert.equal(twice.message, 'conn_timeout is given twice, in two spellings');
});

test('what is no property, can only be read or is no plain object is refused', () => {
	const words = (layer: unknown) => {
		const error = refusal(() => settle('initiate', layer as Policy));
		assert.equal(error.code, 'bad-argument');
		return error.message;
	};
	assert.equal(words({ canSend: true }), 'canSend can only be read');
	assert.match(words({ relaibility: 'require' }), /^there is no property "relaibility"/);
	assert.match(words({ lifetime: 5 }), /^there is no property "lifetime"/);
	for (const layer of [null, 'require', 5, [], new Map([['reliability', 'require']]), () => {}]) {
		assert.match(words(layer), /plain object/);
	}
});

test('the capacity profile of messages is the carrier’s unless it was set', () => {
	assert.equal(settle('initiate', { connCapacityProfile: 'scavenger' }).message.msgCapacityProfile, 'scavenger');
	const own = settle('initiate', { connCapacityProfile: 'scavenger', msgCapacityProfile: 'default' });
	assert.equal(own.message.msgCapacityProfile, 'default');
	assert.equal(change(own, 'connCapacityProfile', 'capacity-seeking').message.msgCapacityProfile, 'default');
});

test('T-8.2.3 a peer may change the time-out of TCP until connTimeout is used', () => {
	const changeable = ({ connection }: SettledPolicy) => connection['tcp.userTimeoutChangeable'];
	assert.equal(changeable(settle('initiate')), true);
	assert.equal(changeable(settle('initiate', { 'tcp.userTimeoutChangeable': false })), false);
	assert.equal(changeable(settle('initiate', { 'tcp.userTimeoutChangeable': true, connTimeout: 5 })), false);
	assert.equal(changeable(change(settle('initiate'), 'connTimeout', 5)), false);
});

test('connection and message properties can be changed, selection and read-only ones cannot', () => {
	const policy = settle('initiate', { connPriority: 5 });
	assert.equal(change(policy, 'CONN_PRIORITY', 6).connection.connPriority, 6);
	assert.equal(change(policy, 'msgPriority', 7).message.msgPriority, 7);
	assert.equal(policy.connection.connPriority, 5);
	const words = (name: string, value: unknown) => refusal(() => change(policy, name, value)).message;
	assert.equal(words('reliability', 'none'), 'reliability is fixed once a carrier is initiated or a listener stands');
	assert.equal(words('connState', 'closed'), 'connState can only be read');
	assert.match(words('connPriority', undefined), /^connPriority is undefined; it is a whole number/);
	assert.equal(
		refusal(() => change(settle('initiate', { minSendRate: 5 }), 'maxSendRate', 4)).code,
		'policy-contradiction',
	);
});

/** What the cascade means, without care for spelling, freezing or errors. */
function naive(action: Action, layers: readonly Policy[]) {
	const merged: Record<string, unknown> = {};
	for (const layer of layers) for (const name in layer) merged[name] = layer[name as keyof Policy];
	const at = (name: string): unknown => {
		const { default: unsaid } = properties.find((property) => property.name === name)!;
		if (name === 'tcp.userTimeoutChangeable' && typeof merged['connTimeout'] === 'number') return false;
		if (name in merged) return merged[name];
		if ('value' in unsaid!) return unsaid.value;
		if ('by' in unsaid!) return unsaid.by[action];
		return name === 'msgCapacityProfile' ? at('connCapacityProfile') : undefined;
	};
	return Object.fromEntries(properties.filter(({ readOnly }) => !readOnly).map(({ name }) => [name, at(name)]));
}

test('the cascade is a merge of the layers over the defaults, whatever the order of keys', () => {
	let settled = 0;
	const layers = fc.array(anyPolicy, { maxLength: 3 });
	const arranged = layers.chain((all) => fc.tuple(fc.constant(all), fc.tuple(...all.map(shuffled))));
	fc.assert(
		fc.property(fc.constantFrom(...actions), arranged, (action, [layers, again]) => {
			try {
				const policy = settle(action, ...layers);
				assert.deepEqual({ ...policy.selection, ...policy.connection, ...policy.message }, naive(action, layers));
				assert.deepEqual(settle(action, ...again), policy);
				settled += 1;
			} catch (error) {
				assert.ok(error instanceof PostSocketsError && error.code === 'policy-contradiction', String(error));
				assert.equal(refusal(() => settle(action, ...again)).message, error.message);
			}
		}),
		{ numRuns: 1_000 },
	);
	assert.ok(settled > 200, `only ${settled} policies made sense`);
});

test('any layer is settled or refused with our errors', () => {
	const anyKey = fc.oneof(
		fc.string(),
		fc.constantFrom(...properties.map(({ name }) => name), ...properties.map(({ name }) => snakeCase(name))),
	);
	const anyLayer = fc.oneof(
		fc.anything(),
		fc.dictionary(anyKey, fc.oneof(fc.anything(), fc.constantFrom('require', 5, true))),
	);
	fc.assert(
		fc.property(anyLayer, (layer) => {
			try {
				settle('initiate', layer as Policy);
			} catch (error) {
				assert.ok(error instanceof PostSocketsError, String(error));
			}
		}),
		{ numRuns: 3_000 },
	);
});
