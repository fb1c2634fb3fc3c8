import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type TcpState, type Transition, transitions } from './states.ts';

/** RFC 9293 §3.3.2, figure 5, arc by arc; a CLOSE that waits for the end of the handshake is not one. */
const arcs: readonly [TcpState, Transition, TcpState][] = [
	['closed', 'passive-open', 'listen'],
	['closed', 'active-open', 'syn-sent'],
	['listen', 'syn', 'syn-received'],
	['syn-sent', 'syn', 'syn-received'],
	['syn-sent', 'syn-ack', 'established'],
	['syn-sent', 'over', 'closed'],
	['syn-received', 'ack-of-syn', 'established'],
	['established', 'close', 'fin-wait-1'],
	['established', 'fin', 'close-wait'],
	['fin-wait-1', 'ack-of-fin', 'fin-wait-2'],
	['fin-wait-1', 'fin', 'closing'],
	['fin-wait-2', 'fin', 'time-wait'],
	['closing', 'ack-of-fin', 'time-wait'],
	['close-wait', 'close', 'last-ack'],
	['last-ack', 'ack-of-fin', 'closed'],
	['time-wait', 'over', 'closed'],
];

for (const [from, by, to] of arcs) {
	test(`${from} goes to ${to} by ${by}`, () => assert.equal(transitions[from][by], to));
}

test('nothing else leads anywhere, but for what breaks a connection off', () => {
	for (const [from, row] of Object.entries(transitions)) {
		for (const [by, to] of Object.entries(row)) {
			const known = arcs.some((arc) => arc[0] === from && arc[1] === by && arc[2] === to);
			assert.ok(known || (by === 'over' && to === 'closed'), `${from} by ${by}`);
		}
	}
});
