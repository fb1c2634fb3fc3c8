import assert from 'node:assert/strict';
import { test } from 'node:test';
import { settle } from './cascade.ts';
import type { Candidate } from './eligibility.ts';
import { featureNames, type PathFacts } from './features.ts';
import { ours, transports } from './features-harness.ts';
import type { Policy } from './policy.ts';
import { profiles } from './profiles.ts';
import { noCandidates, readBack, select } from './selection.ts';
import { preferences } from './tokens.ts';

const { tls, tcp, unix, udp, multicast, sctp, mptcp, quic } = transports;

const names = (candidates: readonly Candidate[]) => candidates.map(({ name }) => name);
const chosen = (candidates: readonly Candidate[], policy: Policy = {}) =>
	names(select(candidates, settle('initiate', policy)).candidates);
const words = (candidates: readonly Candidate[], policy: Policy = {}) =>
	noCandidates(select(candidates, settle('initiate', policy)).dropped, 'initiate').message;

/** Relaxed to where features are only a matter of taste. */
const easy: Policy = { reliability: 'none', preserveOrder: 'none', congestionControl: 'none', safelyReplayable: true };

test('T-6.2-12 the defaults select TLS and TCP, by the features that transports declare', () => {
	assert.deepEqual(chosen(ours), ['tls', 'tcp', 'unix']);
});

test('T-6.2-04 who prohibits reliability never gets TCP', () => {
	const policy: Policy = { ...easy, reliability: 'prohibit' };
	assert.deepEqual(chosen(ours, policy), ['udp']);
	assert.deepEqual(chosen([tls, tcp, unix], policy), []);
});

test('T-6.2-03 what is required and nobody has leaves nothing, and the error says why in words', () => {
	const selection = select([tcp, udp], settle('initiate', { perMsgReliability: 'require' }));
	assert.deepEqual(selection.candidates, []);
	const error = noCandidates(selection.dropped, 'initiate');
	assert.equal(error.code, 'no-candidates');
	assert.equal(error.operation, 'initiate');
	assert.equal(
		error.message,
		'nothing fits the policy: tcp has no reliability per message (perMsgReliability is required); ' +
			'udp has no reliable delivery (reliability is required by default), ' +
			'has no reliability per message (perMsgReliability is required), ' +
			'has no order of delivery (preserveOrder is required by default), ' +
			'has no congestion control (congestionControl is required by default), ' +
			'may deliver a message twice (safelyReplayable is false by default)',
	);
	assert.equal(noCandidates([], 'listen').message, 'there is nothing to choose from');
});

test('T-6.2-05 what has a preferred feature comes first, and what has it not stays', () => {
	assert.deepEqual(chosen([tcp, quic, sctp], { multistreaming: 'prefer', preserveMsgBoundaries: 'prefer' }), [
		'sctp',
		'quic',
		'tcp',
	]);
});

test('T-6.2-06 what has an avoided feature comes last, and stays', () => {
	assert.deepEqual(chosen([tcp, udp], { ...easy, reliability: 'avoid' }), ['udp', 'tcp']);
});

test('T-6.2-07 no preference is as if nothing had been said', () => {
	const all = Object.values(transports);
	for (const name of featureNames.filter((name) => settle('initiate').selection[name] === 'none')) {
		assert.deepEqual(chosen(all, { [name]: 'none' }), chosen(all));
	}
});

test('I-4.1.3-01 Prohibit and Require drop, then Prefer orders, then Avoid breaks the tie', () => {
	const policy: Policy = {
		multistreaming: 'prefer',
		preserveMsgBoundaries: 'avoid',
		preserveOrder: 'require',
		softErrorNotify: 'prohibit',
	};
	assert.deepEqual(chosen([udp, tcp, sctp, quic], policy), ['quic', 'sctp', 'tcp']);
});

test('I-4.1.3-02 what was asked for outweighs what is so by default', () => {
	// quic fulfils the default preference for streams, udp the wish to avoid reliability.
	assert.deepEqual(chosen([quic, udp], { ...easy, reliability: 'avoid' }), ['udp', 'quic']);
	assert.deepEqual(chosen([quic, udp], { ...easy, reliability: 'avoid', multistreaming: 'prefer' }), ['quic', 'udp']);
	assert.deepEqual(chosen([tcp, quic]), ['quic', 'tcp'], 'the default has its say where nothing was asked for');
});

const wifi: PathFacts = { interface: 'wlan0', interfaceType: 'wi-fi', pvds: [] };
const lte: PathFacts = { interface: 'wwan0', interfaceType: 'cellular', pvds: ['voice', 'Operator.example'] };
const onPath = (transport: Candidate, path: PathFacts): Candidate => ({
	...transport,
	name: `${transport.name} over ${path.interface}`,
	path,
});
const leaves = [onPath(sctp, lte), onPath(tcp, lte), onPath(tcp, wifi)];

test('T-6.2-09 the path decides before the transport', () => {
	assert.deepEqual(chosen(leaves, { interface: { wifi: 'prefer' }, preserveMsgBoundaries: 'prefer' }), [
		'tcp over wlan0',
		'sctp over wwan0',
		'tcp over wwan0',
	]);
	assert.deepEqual(chosen(leaves, { preserveMsgBoundaries: 'prefer' })[0], 'sctp over wwan0');
});

test('T-6.2.11b interfaces have names and types, and all types may be named whatever this host has', () => {
	assert.deepEqual(chosen([onPath(tcp, wifi)], { interface: { cellular: 'prohibit', 'Wi-Fi': 'require' } }), [
		'tcp over wlan0',
	]);
	assert.deepEqual(chosen(leaves, { interface: { wwan0: 'avoid' } })[0], 'tcp over wlan0');
	assert.deepEqual(chosen(leaves, { interface: { cellular: 'prohibit' } }), ['tcp over wlan0']);
	assert.equal(
		words([onPath(tcp, wifi)], { interface: { eth0: 'require' } }),
		'nothing fits the policy: tcp over wlan0 is not on eth0 (interface "eth0" is required)',
	);
});

test('a path of which too little is known fulfils no requirement and no prohibition', () => {
	const unknown: Candidate = { name: 'any', path: {} };
	assert.deepEqual(chosen([unknown], { interface: { eth0: 'require' } }), []);
	assert.deepEqual(chosen([unknown], { interface: { cellular: 'prohibit' } }), []);
	assert.deepEqual(chosen([unknown], { pvd: { home: 'prohibit' } }), []);
	assert.deepEqual(chosen([unknown], { interface: { eth0: 'prefer', cellular: 'avoid' } }), ['any']);
	assert.match(words([unknown], { interface: { cellular: 'prohibit' } }), /any may be on cellular/);
	assert.deepEqual(chosen([{ name: 'eth0', path: { interface: 'eth0' } }], { interface: { wlan0: 'prohibit' } }), [
		'eth0',
	]);
});

test('provisioning domains choose paths, their names in any case', () => {
	assert.deepEqual(chosen(leaves, { pvd: { 'operator.EXAMPLE': 'require' } }), ['sctp over wwan0', 'tcp over wwan0']);
	assert.deepEqual(chosen(leaves, { pvd: { voice: 'avoid' } })[0], 'tcp over wlan0');
});

test('I-4.1.3-03 T-4-05 T-8.1.6-01 the capacity profile ranks paths by what was measured of them', () => {
	const near: Candidate = { name: 'near', path: { roundTrip: 10, sendRate: 1e6, recvRate: 1e6 } };
	const far: Candidate = { name: 'far', path: { roundTrip: 100, sendRate: 1e9, recvRate: 1e9 } };
	const unknown: Candidate = { name: 'unknown', path: {} };
	const all = [unknown, far, near];
	assert.deepEqual(chosen(all), ['unknown', 'far', 'near']);
	assert.deepEqual(chosen(all, { connCapacityProfile: 'low-latency-interactive' }), ['near', 'far', 'unknown']);
	assert.deepEqual(chosen(all, { connCapacityProfile: 'capacity-seeking' }), ['far', 'near', 'unknown']);
	const wanted: Candidate = { name: 'wanted', path: { interface: 'wlan0', roundTrip: 1_000 } };
	const policy: Policy = { connCapacityProfile: 'low-latency-interactive', interface: { wlan0: 'prefer' } };
	assert.deepEqual(chosen([near, wanted], policy), ['wanted', 'near'], 'a preferred interface comes before a fast one');
});

test('I-4.1.3-04 T-8.1.8-03 T-8.1.8-04 paths that have carried the least rate come first, those that have not last', () => {
	const all: Candidate[] = [
		{ name: 'slow', path: { sendRate: 1e6 } },
		{ name: 'unknown', path: {} },
		{ name: 'fast', path: { sendRate: 1e9 } },
	];
	assert.deepEqual(chosen(all, { minSendRate: 1e8, connCapacityProfile: 'constant-rate-streaming' }), [
		'fast',
		'unknown',
		'slow',
	]);
	const receiving: Candidate[] = [
		{ name: 'slow', path: { recvRate: 1e6 } },
		{ name: 'fast', path: { recvRate: 1e9 } },
	];
	assert.deepEqual(chosen(receiving, { minRecvRate: 1e8 }), ['fast', 'slow']);
});

test('T-6.2.11c the type of an interface says nothing of its cost: who wishes nothing gets them in their order', () => {
	const of = (interfaceType: PathFacts['interfaceType']): Candidate => ({
		name: String(interfaceType),
		path: { interface: `if-${interfaceType}`, interfaceType },
	});
	const order = ['cellular', 'wired', 'wi-fi'] as const;
	assert.deepEqual(chosen(order.map(of)), order);
	assert.deepEqual(chosen(order.toReversed().map(of)), order.toReversed());
});

test('I-4.1.1-05 a preference for temporary addresses ranks IPv6 first, a requirement removes IPv4', () => {
	const v4: Candidate = { name: 'v4', address: { family: 4 } };
	const v6: Candidate = { name: 'v6', address: { family: 6 } };
	const lasting: Candidate = { name: 'lasting', address: { family: 6, temporary: false } };
	const temporary: Candidate = { name: 'temporary', address: { family: 6, temporary: true } };
	const all = [v4, lasting, v6, temporary];
	assert.deepEqual(chosen(all), ['temporary', 'v6', 'v4', 'lasting'], 'the default of initiate');
	assert.deepEqual(names(select(all, settle('listen')).candidates), ['v4', 'lasting', 'v6', 'temporary']);
	assert.deepEqual(chosen(all, { useTemporaryLocalAddress: 'require' }), ['temporary']);
	assert.deepEqual(chosen(all, { useTemporaryLocalAddress: 'prohibit' }), ['v4', 'lasting']);
	assert.match(words([v4], { useTemporaryLocalAddress: 'require' }), /v4 comes from IPv4, which has no temporary/);
});

test('T-9.1.3.4-02 UDP needs safelyReplayable in the policy, and what it lacks relaxed', () => {
	assert.deepEqual(chosen(ours, { ...easy, safelyReplayable: true, preserveMsgBoundaries: 'require' }), ['udp']);
	assert.deepEqual(chosen([udp], { ...easy, safelyReplayable: false }), []);
	assert.equal(
		words([udp], { ...profiles.unreliableDatagram, safelyReplayable: false }),
		'nothing fits the policy: udp may deliver a message twice (safelyReplayable is false)',
	);
	assert.deepEqual(chosen([udp], { safelyReplayable: true }), [], 'the defaults still require what it lacks');
});

test('T-6.2.2 a framing that has message boundaries gives them over a stream, a bare stream has none', () => {
	const policy = settle('initiate', profiles.reliableMessage);
	const bare = select([tcp], policy);
	assert.deepEqual(bare.candidates, []);
	assert.equal(
		noCandidates(bare.dropped, 'initiate').message,
		'nothing fits the policy: tcp has no message boundaries (preserveMsgBoundaries is required). ' +
			'A framing with boundaries would make tcp fit',
	);
	assert.deepEqual(select([tcp], policy, { framing: { preservesBoundaries: false } }).candidates, []);
	const framing = { preservesBoundaries: true };
	assert.deepEqual(select([tcp], policy, { framing }).candidates, [tcp]);
	const without = settle('initiate', { preserveMsgBoundaries: 'prohibit' });
	assert.deepEqual(select([tcp, sctp], without, { framing }).candidates, [tcp], 'the framing is no reason to drop one');
});

test('what is told to per connection fulfils a requirement as well as a prohibition', () => {
	for (const keepAlive of preferences) assert.deepEqual(chosen([tcp], { keepAlive }), ['tcp']);
	assert.deepEqual(chosen([unix], { keepAlive: 'require' }), []);
});

test('a transport both ways serves one way, one that only receives no other', () => {
	const receive: Policy = { ...easy, direction: 'unidirectional-receive' };
	assert.deepEqual(chosen([tcp, multicast], receive), ['tcp', 'multicast']);
	assert.equal(
		words([multicast], easy),
		'nothing fits the policy: multicast is unidirectional-receive (direction is bidirectional by default)',
	);
	assert.deepEqual(chosen([multicast], { ...easy, direction: 'unidirectional-send' }), []);
});

test('T-6.2.14 several paths are preferred or no matter, never required', () => {
	assert.deepEqual(chosen([tcp, mptcp]), ['tcp', 'mptcp']);
	assert.deepEqual(chosen([tcp, mptcp], { multipath: 'active' }), ['mptcp', 'tcp']);
	assert.deepEqual(
		names(select([tcp, mptcp], settle('listen')).candidates),
		['mptcp', 'tcp'],
		'listeners are passive by default',
	);
	assert.deepEqual(chosen([tcp], { multipath: 'active' }), ['tcp']);
	assert.deepEqual(
		chosen([quic, mptcp], { multipath: 'active' }),
		['mptcp', 'quic'],
		'asked for, before streams by default',
	);
	assert.deepEqual(names(select([mptcp, quic], settle('listen', { multistreaming: 'prefer' })).candidates), [
		'quic',
		'mptcp',
	]);
});

test('T-6.2.18 activeReadBeforeSend is ignored for a rendezvous', () => {
	const policy: Policy = { activeReadBeforeSend: 'require' };
	assert.deepEqual(select([quic], settle('initiate', policy)).candidates, []);
	assert.deepEqual(select([quic], settle('rendezvous', policy)).candidates, [quic]);
});

test('T-4-06 A-3.2-01 properties of a protocol select nothing', () => {
	const specific: Policy = {
		'tcp.userTimeoutEnabled': true,
		'tcp.userTimeoutValue': 60_000,
		'tcp.userTimeoutChangeable': false,
	};
	assert.deepEqual(chosen([udp, tcp], { ...easy, ...specific }), chosen([udp, tcp], easy));
});

test('I-3.2-01 the policy of the system may forbid what the application allows, and is asked each time', () => {
	let forbidden = 'tls';
	const veto = ({ name }: Candidate) => (name === forbidden ? 'is forbidden by the administrator' : undefined);
	const policy = settle('initiate', {});
	assert.deepEqual(names(select([tls, tcp], policy, { veto }).candidates), ['tcp']);
	forbidden = 'tcp';
	assert.deepEqual(names(select([tls, tcp], policy, { veto }).candidates), ['tls']);
	const { dropped } = select([tcp, udp], policy, { veto });
	const error = noCandidates(dropped, 'initiate');
	assert.equal(error.code, 'not-permitted');
	assert.match(error.message, /^nothing fits the policy: tcp is forbidden by the administrator; udp has no/);
	const unfit = select([udp], policy, { veto: () => 'is forbidden' });
	assert.equal(noCandidates(unfit.dropped, 'initiate').code, 'no-candidates', 'it would not have been chosen anyway');
});

test('a connection reads as what it gives: facts for preferences, the rest as it was set', () => {
	const policy = settle('initiate', {
		keepAlive: 'prefer',
		interface: { wifi: 'prefer' },
		direction: 'unidirectional-send',
	});
	assert.deepEqual(readBack(tcp, policy), {
		reliability: true,
		preserveMsgBoundaries: false,
		perMsgReliability: false,
		preserveOrder: true,
		zeroRttMsg: false,
		multistreaming: false,
		fullChecksumSend: true,
		fullChecksumRecv: true,
		congestionControl: true,
		keepAlive: true,
		softErrorNotify: false,
		activeReadBeforeSend: false,
		useTemporaryLocalAddress: false,
		interface: { wifi: 'prefer' },
		pvd: {},
		multipath: 'disabled',
		advertisesAltaddr: false,
		direction: 'unidirectional-send',
	});
	assert.equal(readBack(tcp, settle('initiate')).keepAlive, false, 'nobody asked for it, so none are sent');
	assert.equal(readBack(tcp, policy, { preservesBoundaries: true }).preserveMsgBoundaries, true);
	const address = { family: 6, temporary: true } as const;
	assert.equal(readBack({ ...tcp, address }, policy).useTemporaryLocalAddress, true);
	assert.equal(readBack(sctp, settle('initiate', { preserveOrder: 'avoid' })).preserveOrder, false);
});
