import type { Clock } from '../base/clock.ts';
import { deaf, type Flow } from '../stack/flow.ts';

/** How long a flow may take to end after its duplex was destroyed, before it is aborted; in milliseconds. */
export const lingerTime = 5_000;

/**
 * Closes a flow as a kernel closes a socket: what was written still goes out, a peer that goes on sending is reset, and
 * nobody waits for it. A kernel gives the peer a minute to end its side; we give it `lingerTime`.
 */
export function linger(flow: Flow, clock: Clock): void {
	const timer = clock.after(lingerTime, () => flow.abort());
	timer.unref?.();
	flow.handler = { ...deaf, onData: () => flow.abort(), onClose: () => timer.cancel() };
	flow.end();
	flow.resume();
	flow.unref();
}
