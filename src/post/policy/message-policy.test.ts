import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { PostSocketsError } from '../../base/errors.ts';
import { settle } from './cascade.ts';
import { transports } from './features-harness.ts';
import { fitMessage, settleMessage } from './message-policy.ts';
import type { MessageOverrides, Policy } from './policy.ts';
import { profiles } from './profiles.ts';
import { refusal } from './refusal-harness.ts';

const { tcp, udp, sctp } = transports;

test('a message has its own properties, else those of the carrier, else those of the association, else the defaults', () => {
	const policy = settle('initiate', { msgPriority: 1, msgLifetime: 100 }, { msgPriority: 2 });
	const message = settleMessage(policy, { priority: 3 });
	assert.equal(message.msgPriority, 3);
	assert.equal(message.msgLifetime, 100);
	assert.equal(message.final, false);
	assert.equal(settleMessage(policy).msgPriority, 2);
	assert.equal(settleMessage(policy), policy.message, 'saying nothing costs nothing');
});

test('a message may use the short names of send or those of the RFC, not both', () => {
	const policy = settle('initiate');
	const short = {
		lifetime: 5,
		priority: 1,
		ordered: true,
		safelyReplayable: true,
		final: true,
		checksumLength: 8,
		reliable: true,
	} as const;
	assert.deepEqual(
		settleMessage(policy, { ...short, capacityProfile: 'scavenger', noFragmentation: true, noSegmentation: true }),
		{
			msgLifetime: 5,
			msgPriority: 1,
			msgOrdered: true,
			safelyReplayable: true,
			final: true,
			msgChecksumLen: 8,
			msgReliable: true,
			msgCapacityProfile: 'scavenger',
			noFragmentation: true,
			noSegmentation: true,
		},
	);
	assert.equal(settleMessage(policy, { msgLifetime: 5 }).msgLifetime, 5);
	assert.match(refusal(() => settleMessage(policy, { lifetime: 5, msgLifetime: 6 })).message, /given twice/);
});

test('a message is settled once and for all', () => {
	const own = { priority: 3 };
	const message = settleMessage(settle('initiate'), own);
	own.priority = 4;
	assert.equal(message.msgPriority, 3);
	assert.ok(Object.isFrozen(message));
});

test('T-4-01 a property of another class is refused where it does not belong', () => {
	const words = (own: object) => {
		const error = refusal(() => settleMessage(settle('initiate'), own as MessageOverrides));
		assert.equal(error.code, 'bad-argument');
		return error.message;
	};
	assert.equal(
		words({ reliability: 'avoid' }),
		'reliability is a selection property; it belongs in a policy, not on one message',
	);
	assert.equal(
		words({ connPriority: 1 }),
		'connPriority is a connection property; it belongs in a policy, not on one message',
	);
	assert.match(words({ urgency: 1 }), /^there is no property "urgency"/);
	assert.equal(words({ lifetime: -1 }), 'msgLifetime is -1; it is a number of milliseconds above 0 or "infinite"');
	assert.match(
		refusal(() => settle('initiate', { priority: 1 } as Policy)).message,
		/^there is no property "priority"/,
	);
});

test('what the policy rules out is refused before there is a transport', () => {
	const policy = settle('initiate', { reliability: 'prohibit', preserveOrder: 'prohibit' });
	const error = refusal(() => settleMessage(policy, { ordered: true, reliable: true }));
	assert.equal(error.code, 'policy-contradiction');
	assert.equal(error.operation, 'send');
	assert.equal(
		error.message,
		'msgOrdered is true, and preserveOrder is prohibited; msgReliable is true, and reliability is prohibited',
	);
	const strict = settle('initiate', { perMsgReliability: 'prohibit' });
	assert.equal(refusal(() => settleMessage(strict, { reliable: false })).code, 'policy-contradiction');
});

const fit = (policy: Policy, own: MessageOverrides, { features }: (typeof transports)[keyof typeof transports]) => {
	const settled = settle('initiate', policy);
	return fitMessage(settleMessage(settled, own), settled, features);
};
const misfit = (...[policy, own, transport]: Parameters<typeof fit>) => {
	const error = refusal(() => fit(policy, own, transport));
	assert.equal(error.code, 'policy-contradiction');
	return error.message;
};

test('order and reliability are by default what the transport has', () => {
	const replayable = { safelyReplayable: true };
	const read = ({ msgOrdered, msgReliable }: ReturnType<typeof fit>) => ({ msgOrdered, msgReliable });
	assert.deepEqual(read(fit({}, {}, tcp)), { msgOrdered: true, msgReliable: true });
	assert.deepEqual(read(fit({}, replayable, udp)), { msgOrdered: false, msgReliable: false });
	assert.deepEqual(read(fit({ preserveOrder: 'avoid' }, {}, sctp)), { msgOrdered: false, msgReliable: true });
	assert.deepEqual(read(fit({ preserveOrder: 'avoid' }, { ordered: true }, sctp)), {
		msgOrdered: true,
		msgReliable: true,
	});
});

test('order is refused where there is none, and its absence is no matter', () => {
	assert.equal(
		misfit(profiles.unreliableDatagram, { ordered: true }, udp),
		'msgOrdered is true, and the transport keeps no order',
	);
	assert.equal(fit({}, { ordered: false }, tcp).msgOrdered, false);
});

test('T-6.2.3 another reliability than that of the carrier needs perMsgReliability', () => {
	assert.equal(
		misfit({}, { reliable: false }, tcp),
		'msgReliable is false, and that needs perMsgReliability in the policy',
	);
	assert.equal(
		misfit(profiles.unreliableDatagram, { reliable: true }, udp),
		'msgReliable is true, and the transport is not reliable',
	);
	assert.equal(fit({}, { reliable: true }, tcp).msgReliable, true);
	assert.equal(fit({ perMsgReliability: 'require' }, { reliable: false }, sctp).msgReliable, false);
	assert.equal(
		fit({ perMsgReliability: 'prefer' }, { reliable: false }, tcp).msgReliable,
		true,
		'sent reliably all the same',
	);
});

test('over a transport that may deliver twice every message is safely replayable', () => {
	assert.equal(
		misfit(profiles.unreliableDatagram, { safelyReplayable: false }, udp),
		'safelyReplayable is false, and the transport may deliver a message twice',
	);
	assert.equal(fit(profiles.unreliableDatagram, {}, udp).safelyReplayable, true);
});

test('whatever fits is what was asked for, or reliable instead of not', () => {
	const anyOwn = fc.record(
		{ ordered: fc.boolean(), reliable: fc.boolean(), safelyReplayable: fc.boolean(), priority: fc.nat() },
		{ requiredKeys: [] },
	);
	const anyWish = fc.constantFrom('require', 'prefer', 'none', 'avoid', 'prohibit');
	const anyPolicy = fc.record(
		{ reliability: anyWish, preserveOrder: anyWish, perMsgReliability: anyWish, safelyReplayable: fc.boolean() },
		{ requiredKeys: [] },
	);
	fc.assert(
		fc.property(
			anyOwn,
			anyPolicy as fc.Arbitrary<Policy>,
			fc.constantFrom(...Object.values(transports)),
			(own, policy, transport) => {
				try {
					const message = fit(policy, own, transport);
					if (own.ordered) assert.notEqual(transport.features.preserveOrder, false);
					if (own.ordered !== undefined) assert.equal(message.msgOrdered, own.ordered);
					if (own.reliable) assert.equal(message.msgReliable, true);
					assert.ok(message.safelyReplayable || transport.features.deliversOnce);
					assert.equal(message.msgPriority, own.priority ?? 100);
				} catch (error) {
					assert.ok(error instanceof PostSocketsError && error.code === 'policy-contradiction', String(error));
				}
			},
		),
		{ numRuns: 2_000 },
	);
});
