/** Wishes that no transport whatever can fulfil together (RFC 9623 §3.1), found before anything is asked or opened. */

import { isAsked, type SettledMessage, type SettledPolicy, type SettledSelection } from './settled.ts';

/** What is wrong with a policy, a sentence each; nothing if it makes sense. */
export function contradictions(policy: SettledPolicy): readonly string[] {
	return [...rules.flatMap((rule) => rule(policy) || []), ...messageContradictions(policy, policy.message)];
}

/** What a message asks for although its policy rules it out, whatever the transport (RFC 9622 §9.1.3). */
export function messageContradictions({ selection }: SettledPolicy, message: SettledMessage): readonly string[] {
	return messageRules.flatMap((rule) => rule(selection, message) || []);
}

const rules: readonly ((policy: SettledPolicy) => string | false)[] = [
	({ selection: { reliability, perMsgReliability } }) =>
		reliability === 'prohibit' &&
		perMsgReliability === 'require' &&
		'perMsgReliability is required, and reliability, which some messages would have, is prohibited',

	({ selection: { keepAlive }, connection: { keepAliveTimeout } }) =>
		keepAlive === 'prohibit' &&
		keepAliveTimeout !== 'disabled' &&
		`keepAliveTimeout is ${keepAliveTimeout}, and keepAlive is prohibited`,

	// RFC 9622 §8.1.4: "disabled", like a value above connTimeout, turns them off.
	(policy) =>
		policy.selection.keepAlive === 'require' &&
		policy.connection.keepAliveTimeout === 'disabled' &&
		isAsked(policy, 'keepAliveTimeout') &&
		'keepAlive is required, and keepAliveTimeout "disabled" turns it off',

	({ selection: { keepAlive }, connection: { keepAliveTimeout, connTimeout } }) =>
		keepAlive === 'require' &&
		above(keepAliveTimeout, connTimeout) &&
		`keepAlive is required, and keepAliveTimeout ${keepAliveTimeout} turns it off, being above connTimeout ${connTimeout}`,

	({ connection: { minSendRate, maxSendRate } }) =>
		above(minSendRate, maxSendRate) && `minSendRate ${minSendRate} is above maxSendRate ${maxSendRate}`,

	({ connection: { minRecvRate, maxRecvRate } }) =>
		above(minRecvRate, maxRecvRate) && `minRecvRate ${minRecvRate} is above maxRecvRate ${maxRecvRate}`,

	({ action, selection: { activeReadBeforeSend, direction } }) =>
		action === 'initiate' &&
		activeReadBeforeSend === 'require' &&
		direction === 'unidirectional-send' &&
		'activeReadBeforeSend is required, and a direction of unidirectional-send receives nothing',

	({ action, selection: { activeReadBeforeSend, direction } }) =>
		action === 'listen' &&
		activeReadBeforeSend === 'require' &&
		direction === 'unidirectional-receive' &&
		'activeReadBeforeSend is required, and a direction of unidirectional-receive sends nothing',
];

const messageRules: readonly ((selection: SettledSelection, message: SettledMessage) => string | false)[] = [
	({ preserveOrder }, { msgOrdered }) =>
		preserveOrder === 'prohibit' && msgOrdered === true && 'msgOrdered is true, and preserveOrder is prohibited',

	({ reliability }, { msgReliable }) =>
		reliability === 'prohibit' && msgReliable === true && 'msgReliable is true, and reliability is prohibited',

	// RFC 9622 §9.1.3.7: msgReliable differs from reliability only under perMsgReliability.
	({ reliability, perMsgReliability }, { msgReliable }) =>
		reliability === 'require' &&
		perMsgReliability === 'prohibit' &&
		msgReliable === false &&
		'msgReliable is false, reliability is required, and perMsgReliability, which would allow it, is prohibited',
];

function above(value: number | string, bound: number | string): boolean {
	return typeof value === 'number' && typeof bound === 'number' && value > bound;
}
