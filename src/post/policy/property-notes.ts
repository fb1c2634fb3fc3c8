/** What comes of each property here, in words: for people, in docs/policy.md and in what `capabilities()` says. */

import type { Effect, PropertyName } from './properties.ts';
import type { Property } from './property-name.ts';

const byEffect: Readonly<Record<Effect, string>> = {
	enforced: 'holds, or there is an error',
	advisory: 'is looked at, and promises nothing',
	none: 'is kept and can be read; nothing comes of it in this version',
};

/** Where there is more to say of what has an effect. */
const notes: Partial<Record<PropertyName, string>> = {
	preserveMsgBoundaries: 'holds, or there is an error; a framing that has boundaries gives them over any transport',
	perMsgReliability: 'no transport of this version has it: required, it is an error',
	zeroRttMsg: 'only UDP has it, node:tls sends nothing before its handshake is done',
	multistreaming: 'no transport of this version has it: required, it is an error',
	congestionControl: 'holds, or there is an error; over UDP the application must limit itself (RFC 8085 §3.1)',
	interface:
		'a path per interface, bound to an address of it; routing may still leave by another where the system does not ' +
		'follow the source. A type says nothing of cost: an Ethernet port may lead to a phone',
	pvd: 'by what the Local says it is in; a domain that is not known fulfils no requirement and no prohibition',
	useTemporaryLocalAddress: 'by what the stack knows of its addresses; IPv4 has no temporary ones',
	multipath:
		'ranks transports; none of this version uses several paths at once. Active use may link a user across paths',
	direction: 'holds, or there is an error: the carrier does not do the other; a transport that goes both ways serves',
	activeReadBeforeSend: 'holds, or there is an error; a rendezvous ignores it',
	keepAlive: 'TCP and TLS on a stack that can; read back it tells whether this connection really does',
	connPriority: 'by the group’s scheduler, as far as its connections share their narrowest part',
	connScheduler:
		'decides which carrier of a group gives its next 64 KiB to its connection; the network then shares as it likes',
	connTimeout:
		'the TCP user timeout on Linux with koffi; elsewhere by whether anything is handed down, half as long again',
	keepAliveTimeout: 'TCP and TLS on a stack that can; the kernel counts in seconds',
	connCapacityProfile: 'marks packets by DSCP where the stack can, which the network may honour',
	isolateSession: 'holds; what the kernel remembers by itself is not ours to part',
	minSendRate: 'ranks paths by what was measured of them, where that is known',
	minRecvRate: 'ranks paths by what was measured of them, where that is known',
	msgLifetime: 'a message that would come too late is dropped before its first byte; one that has begun goes on',
	msgPriority: 'chooses among what waits on the carrier; what the system below has taken cannot be overtaken',
	msgOrdered: 'among the messages of which it is true; one with a rank, a lifetime or antecedents of its own is not',
	safelyReplayable: 'UDP, which may deliver twice, wants it true in the policy',
	final: 'the carrier is half-closed after it',
};

/** Why nothing comes of what has none. */
const reasons: Partial<Record<PropertyName, string>> = {
	advertisesAltaddr: 'no transport tells other addresses to its peer',
	multipathPolicy: 'no transport uses several paths at once',
	groupConnLimit: 'no transport has streams that a peer could open',
	recvChecksumLen: 'every transport has full coverage',
	msgChecksumLen: 'every transport has full coverage',
	'tcp.userTimeoutChangeable': 'it reads false once connTimeout is set',
};

export function noteOf({ name, effect }: Property): string {
	if (effect !== 'none') return notes[name] ?? byEffect[effect];
	return name in reasons ? `${byEffect.none}: ${reasons[name]}` : byEffect.none;
}
