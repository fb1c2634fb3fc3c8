/** The states of a connection, and what takes it from one to another: RFC 9293 §3.3.2, figure 5, as a table. */

export type TcpState =
	| 'closed'
	| 'listen'
	| 'syn-sent'
	| 'syn-received'
	| 'established'
	| 'fin-wait-1'
	| 'fin-wait-2'
	| 'close-wait'
	| 'closing'
	| 'last-ack'
	| 'time-wait';

/**
 * `syn`: one came, without an ACK of ours. `syn-ack`: one came with it. `close`: our FIN is sent. `fin`: the peer's is in
 * order. `over`: a reset, an abort, or two lifetimes of a segment in TIME-WAIT.
 */
export type Transition =
	| 'active-open'
	| 'passive-open'
	| 'syn'
	| 'syn-ack'
	| 'ack-of-syn'
	| 'close'
	| 'fin'
	| 'ack-of-fin'
	| 'over';

/** What is not here does not happen in that state. A close before the handshake is over waits for its end. */
export const transitions: Readonly<Record<TcpState, Readonly<Partial<Record<Transition, TcpState>>>>> = {
	closed: { 'active-open': 'syn-sent', 'passive-open': 'listen' },
	listen: { syn: 'syn-received', over: 'closed' },
	'syn-sent': { syn: 'syn-received', 'syn-ack': 'established', over: 'closed' },
	'syn-received': { 'ack-of-syn': 'established', over: 'closed' },
	established: { close: 'fin-wait-1', fin: 'close-wait', over: 'closed' },
	'fin-wait-1': { 'ack-of-fin': 'fin-wait-2', fin: 'closing', over: 'closed' },
	'fin-wait-2': { fin: 'time-wait', over: 'closed' },
	'close-wait': { close: 'last-ack', over: 'closed' },
	closing: { 'ack-of-fin': 'time-wait', over: 'closed' },
	'last-ack': { 'ack-of-fin': 'closed', over: 'closed' },
	'time-wait': { over: 'closed' },
};
