/** Rows of RFC 9623 §10 and of protocols it does not map, as features for the tests. */

import type { SelectionFeatures } from './features.ts';

const stream: SelectionFeatures = {
	reliability: true,
	preserveMsgBoundaries: false,
	perMsgReliability: false,
	preserveOrder: true,
	zeroRttMsg: false,
	multistreaming: false,
	fullChecksumSend: true,
	fullChecksumRecv: true,
	congestionControl: true,
	keepAlive: 'opt-in',
	softErrorNotify: false,
	activeReadBeforeSend: 'opt-in',
	multipath: false,
	direction: 'bidirectional',
	deliversOnce: true,
};

const datagram: SelectionFeatures = {
	...stream,
	reliability: false,
	preserveMsgBoundaries: true,
	preserveOrder: false,
	zeroRttMsg: 'opt-in',
	congestionControl: false,
	keepAlive: false,
	softErrorNotify: 'opt-in',
	activeReadBeforeSend: false,
	deliversOnce: false,
};

const sctp: SelectionFeatures = {
	...stream,
	reliability: 'opt-out',
	preserveMsgBoundaries: true,
	perMsgReliability: true,
	preserveOrder: 'opt-out',
	multistreaming: true,
	softErrorNotify: 'opt-in',
};

/** Named as transports are, in the order of a system that likes secure ones. */
export const transports = {
	tls: { name: 'tls', features: stream },
	tcp: { name: 'tcp', features: stream },
	unix: { name: 'unix', features: { ...stream, keepAlive: false } },
	udp: { name: 'udp', features: datagram },
	multicast: { name: 'multicast', features: { ...datagram, zeroRttMsg: false, direction: 'unidirectional-receive' } },
	sctp: { name: 'sctp', features: sctp },
	mptcp: { name: 'mptcp', features: { ...stream, multipath: true } },
	quic: {
		name: 'quic',
		features: { ...stream, zeroRttMsg: 'opt-in', multistreaming: true, activeReadBeforeSend: false },
	},
} as const satisfies Record<string, { name: string; features: SelectionFeatures }>;

/** What this version is going to have. */
export const ours = [transports.tls, transports.tcp, transports.unix, transports.udp];
