import assert from 'node:assert/strict';
import { test } from 'node:test';
import { settle } from './cascade.ts';
import { ours, transports } from './features-harness.ts';
import { profiles } from './profiles.ts';
import { select } from './selection.ts';

const chosen = (profile: keyof typeof profiles, preservesBoundaries = false) =>
	select([...ours, transports.sctp], settle('initiate', profiles[profile]), {
		framing: { preservesBoundaries },
	}).candidates.map(({ name }) => name);

test('T-B.2.1 reliableInorderStream is what a stream gives', () => {
	const { reliableInorderStream } = profiles;
	assert.deepEqual(reliableInorderStream, {
		reliability: 'require',
		preserveOrder: 'require',
		congestionControl: 'require',
		preserveMsgBoundaries: 'none',
	});
	assert.deepEqual(chosen('reliableInorderStream'), ['sctp', 'tls', 'tcp', 'unix']);
});

test('T-B.2.2 reliableMessage is what SCTP gives, or a stream with a framing', () => {
	assert.deepEqual(profiles.reliableMessage, { ...profiles.reliableInorderStream, preserveMsgBoundaries: 'require' });
	assert.deepEqual(chosen('reliableMessage'), ['sctp']);
	assert.deepEqual(chosen('reliableMessage', true), ['sctp', 'tls', 'tcp', 'unix']);
});

test('T-B.2.3 unreliableDatagram selects UDP', () => {
	assert.deepEqual(profiles.unreliableDatagram, {
		reliability: 'avoid',
		preserveOrder: 'avoid',
		congestionControl: 'none',
		preserveMsgBoundaries: 'require',
		safelyReplayable: true,
	});
	assert.deepEqual(select(ours, settle('initiate', profiles.unreliableDatagram)).candidates, [transports.udp]);
});

test('a profile cannot be changed by one who uses it', () => {
	assert.ok(Object.isFrozen(profiles) && Object.values(profiles).every(Object.isFrozen));
});
