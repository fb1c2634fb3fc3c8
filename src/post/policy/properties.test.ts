import assert from 'node:assert/strict';
import { test } from 'node:test';
import { featureNames } from './features.ts';
import type {
	ConnectionProperties,
	MessageOverrides,
	MessageProperties,
	Policy,
	ReadOnlyProperties,
	SelectionProperties,
	SendNames,
} from './policy.ts';
import type { PropertyName, propertyTable, ValueOf } from './properties.ts';
import { findProperty, properties } from './property-name.ts';
import { checkValue } from './property-value.ts';
import { preferences } from './tokens.ts';

/** RFC 9622 §6.2, §8.1, §8.1.11, §8.2, §9.1.3 as read from its text: name, type, default. */
const rfc = {
	selection: {
		reliability: ['Preference', 'Require'],
		preserveMsgBoundaries: ['Preference', 'No Preference'],
		perMsgReliability: ['Preference', 'No Preference'],
		preserveOrder: ['Preference', 'Require'],
		zeroRttMsg: ['Preference', 'No Preference'],
		multistreaming: ['Preference', 'Prefer'],
		fullChecksumSend: ['Preference', 'Require'],
		fullChecksumRecv: ['Preference', 'Require'],
		congestionControl: ['Preference', 'Require'],
		keepAlive: ['Preference', 'No Preference'],
		interface: ['Set', {}],
		pvd: ['Set', {}],
		useTemporaryLocalAddress: ['Preference', { initiate: 'Prefer', listen: 'Avoid', rendezvous: 'Avoid' }],
		multipath: ['Enumeration', { initiate: 'Disabled', listen: 'Passive', rendezvous: 'Disabled' }],
		advertisesAltaddr: ['Boolean', false],
		direction: ['Enumeration', 'Bidirectional'],
		softErrorNotify: ['Preference', 'No Preference'],
		activeReadBeforeSend: ['Preference', 'No Preference'],
	},
	connection: {
		recvChecksumLen: ['Integer (non-negative)', 'Full Coverage'],
		connPriority: ['Integer (non-negative)', 100],
		connTimeout: ['Numeric (positive)', 'Disabled'],
		keepAliveTimeout: ['Numeric (positive)', 'Disabled'],
		connScheduler: ['Enumeration', 'Weighted Fair Queueing'],
		connCapacityProfile: ['Enumeration', 'Default'],
		multipathPolicy: ['Enumeration', 'Handover'],
		minSendRate: ['Numeric (positive)', 'Unlimited'],
		minRecvRate: ['Numeric (positive)', 'Unlimited'],
		maxSendRate: ['Numeric (positive)', 'Unlimited'],
		maxRecvRate: ['Numeric (positive)', 'Unlimited'],
		groupConnLimit: ['Numeric (positive)', 'Unlimited'],
		isolateSession: ['Boolean', false],
		connState: ['Enumeration', undefined],
		canSend: ['Boolean', undefined],
		canReceive: ['Boolean', undefined],
		singularTransmissionMsgMaxLen: ['Integer (non-negative)', undefined],
		sendMsgMaxLen: ['Integer (non-negative)', undefined],
		recvMsgMaxLen: ['Integer (non-negative)', undefined],
		'tcp.userTimeoutValue': ['Integer (positive)', 'TCP default'],
		'tcp.userTimeoutEnabled': ['Boolean', false],
		'tcp.userTimeoutChangeable': ['Boolean', true],
	},
	message: {
		msgLifetime: ['Numeric (positive)', 'infinite'],
		msgPriority: ['Integer (non-negative)', 100],
		msgOrdered: ['Boolean', { from: 'preserveOrder' }],
		safelyReplayable: ['Boolean', false],
		final: ['Boolean', false],
		msgChecksumLen: ['Integer (non-negative)', 'Full Coverage'],
		msgReliable: ['Boolean', { from: 'reliability' }],
		msgCapacityProfile: ['Enumeration', { from: 'connCapacityProfile' }],
		noFragmentation: ['Boolean', false],
		noSegmentation: ['Boolean', false],
	},
} as const;

const typeNames = {
	preference: 'Preference',
	preferences: 'Set',
	boolean: 'Boolean',
	numeric: 'Numeric (positive)',
	enumeration: 'Enumeration',
};

test('T-5-02 the table has every property of RFC 9622, of its class, in its order and no other', () => {
	for (const [group, expected] of Object.entries(rfc)) {
		const names = properties.filter((property) => property.class === group).map(({ name }) => name);
		assert.deepEqual(names, Object.keys(expected));
	}
	assert.equal(properties.length, 50);
});

test('every property has the type of RFC 9622', () => {
	for (const [name, [type]] of Object.values(rfc).flatMap((group) => Object.entries(group))) {
		const ours = findProperty(name)!.type;
		const signed = `Integer (${'least' in ours && ours.least === 1 ? 'positive' : 'non-negative'})`;
		assert.equal(ours.kind === 'integer' ? signed : typeNames[ours.kind], type, name);
	}
});

test('A-3.1-02 every property that can be set has a default, and it is that of RFC 9622 in our spelling', () => {
	for (const [name, [, expected]] of Object.values(rfc).flatMap((group) => Object.entries(group))) {
		const property = findProperty(name)!;
		if (expected === undefined) {
			assert.ok(property.readOnly && property.default === undefined, name);
			continue;
		}
		const canonical = (value: unknown) => checkValue(property, value);
		if (typeof expected !== 'object' || Object.keys(expected).length === 0) {
			assert.deepEqual(property.default, { value: canonical(expected) }, name);
		} else if ('from' in expected) {
			assert.deepEqual(property.default, expected, name);
		} else {
			const by = Object.fromEntries(Object.entries(expected).map(([action, value]) => [action, canonical(value)]));
			assert.deepEqual(property.default, { by }, name);
		}
	}
});

test('T-A-02 every duration is in milliseconds, every length in bytes, every rate in bits per second', () => {
	const units = { ms: /Timeout|Lifetime/, bytes: /Len$/, 'bit/s': /Rate$/ };
	for (const { name, type } of properties) {
		const unit = 'unit' in type ? type.unit : undefined;
		if (type.kind !== 'integer' && type.kind !== 'numeric') continue;
		const expected = Object.entries(units).find(([, pattern]) => pattern.test(name))?.[0];
		assert.equal(unit, expected, name);
	}
});

test('T-4.2-01 a preference is one of five', () => {
	assert.deepEqual([...preferences], ['require', 'prefer', 'none', 'avoid', 'prohibit']);
});

test('features are the preferences that tell transports apart', () => {
	const byPreference = properties.filter(({ type }) => type.kind === 'preference').map(({ name }) => name);
	assert.deepEqual(
		[...featureNames],
		byPreference.filter((name) => name !== 'useTemporaryLocalAddress'),
	);
});

test('the interfaces and the table agree', () => {
	type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
	type OfClass<Class, ReadOnly extends boolean> = {
		[Name in PropertyName]: (typeof propertyTable)[Name] extends { class: Class }
			? (typeof propertyTable)[Name] extends { default: unknown }
				? ReadOnly extends false
					? Name
					: never
				: ReadOnly extends true
					? Name
					: never
			: never;
	}[PropertyName];
	type Values<Names extends PropertyName> = { readonly [Name in Names]?: ValueOf<Name> | undefined };
	type Flat<T> = { [Name in keyof T]: T[Name] };
	const agree: [
		Same<Flat<SelectionProperties>, Flat<Values<OfClass<'selection', false>>>>,
		Same<Flat<ConnectionProperties>, Flat<Values<OfClass<'connection', false>>>>,
		Same<Flat<MessageProperties>, Flat<Values<OfClass<'message', false>>>>,
		Same<Flat<ReadOnlyProperties>, { readonly [Name in OfClass<'connection', true>]: ValueOf<Name> }>,
		Same<keyof Policy, Exclude<PropertyName, OfClass<'connection', true>>>,
		Same<SendNames, { readonly [Name in OfClass<'message', false> as (typeof propertyTable)[Name]['send']]: Name }>,
		Same<keyof MessageOverrides, (typeof propertyTable)[OfClass<'message', false>]['send']>,
	] = [true, true, true, true, true, true, true];
	assert.ok(agree.every(Boolean));
});
