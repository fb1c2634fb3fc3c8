import assert from 'node:assert/strict';
import { test } from 'node:test';
import { settle } from './cascade.ts';
import type { Policy } from './policy.ts';
import type { Action } from './properties.ts';
import { refusal } from './refusal-harness.ts';

const contradictory: readonly [Policy, words: RegExp, action?: Action][] = [
	[{ reliability: 'prohibit', perMsgReliability: 'require' }, /^perMsgReliability is required, and reliability/],
	[{ keepAlive: 'prohibit', keepAliveTimeout: 5_000 }, /^keepAliveTimeout is 5000, and keepAlive is prohibited$/],
	[{ keepAlive: 'require', keepAliveTimeout: 'disabled' }, /^keepAlive is required, and keepAliveTimeout "disabled"/],
	[{ keepAlive: 'require', keepAliveTimeout: 6, connTimeout: 5 }, /being above connTimeout 5$/],
	[{ minSendRate: 9, maxSendRate: 8 }, /^minSendRate 9 is above maxSendRate 8$/],
	[{ minRecvRate: 9, maxRecvRate: 8 }, /^minRecvRate 9 is above maxRecvRate 8$/],
	[{ activeReadBeforeSend: 'require', direction: 'unidirectional-send' }, /receives nothing$/],
	[{ activeReadBeforeSend: 'require', direction: 'unidirectional-receive' }, /sends nothing$/, 'listen'],
	[{ preserveOrder: 'prohibit', msgOrdered: true }, /^msgOrdered is true/],
	[{ reliability: 'prohibit', msgReliable: true }, /^msgReliable is true/],
	[{ perMsgReliability: 'prohibit', msgReliable: false }, /^msgReliable is false/],
];

test('I-3.1-03 contradictions are found when the policy is settled, all of them', () => {
	for (const [policy, words, action = 'initiate'] of contradictory) {
		const error = refusal(() => settle(action, policy));
		assert.equal(error.code, 'policy-contradiction');
		assert.equal(error.operation, action);
		assert.match(error.message, words);
	}
	const two = { minSendRate: 9, maxSendRate: 8, keepAlive: 'prohibit', keepAliveTimeout: 5 } as const;
	assert.equal(
		refusal(() => settle('initiate', two)).message,
		'keepAliveTimeout is 5, and keepAlive is prohibited; minSendRate 9 is above maxSendRate 8',
	);
});

test('they are found across layers', () => {
	const error = refusal(() => settle('initiate', { reliability: 'prohibit' }, { perMsgReliability: 'require' }));
	assert.equal(error.code, 'policy-contradiction');
	assert.doesNotThrow(() =>
		settle('initiate', { reliability: 'prohibit' }, { perMsgReliability: 'require', reliability: 'avoid' }),
	);
});

test('what is merely strange, or strange by default only, is left alone', () => {
	const strange: readonly [Policy, Action?][] = [
		[{ keepAlive: 'require' }],
		[{ keepAlive: 'require', keepAliveTimeout: 5 }],
		[{ keepAliveTimeout: 6, connTimeout: 5 }],
		[{ reliability: 'prohibit' }],
		[{ reliability: 'require', congestionControl: 'prohibit' }],
		[{ minSendRate: 9, maxSendRate: 9 }],
		[{ msgReliable: false }],
		[{ msgChecksumLen: 8 }],
		[{ activeReadBeforeSend: 'require', direction: 'unidirectional-send' }, 'listen'],
		[{ activeReadBeforeSend: 'require', direction: 'unidirectional-send' }, 'rendezvous'],
	];
	for (const [policy, action = 'initiate'] of strange) assert.doesNotThrow(() => settle(action, policy));
});
