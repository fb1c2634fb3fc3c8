/** Runs a query: the machine's wishes become exchanges of the transports, and what they come to goes back into it. */

import type { Clock } from '../base/clock.ts';
import { abortedBy } from '../base/errors.ts';
import { drive } from '../base/machine.ts';
import { type Attempt, type Outcome, QueryMachine, type QueryPlan } from './query.ts';
import type { Exchange, Transports } from './transport.ts';

export interface QueryContext extends Transports {
	readonly clock: Clock;
	/** Aborts the query, and nothing is left of it. */
	readonly signal: AbortSignal;
	/** Fires when nobody waits any more; the query goes on without holding the process. */
	readonly release: AbortSignal;
}

/** Rejects with `aborted` only. */
export function runQuery(plan: Omit<QueryPlan, 'datagrams' | 'streams'>, context: QueryContext): Promise<Outcome> {
	const { datagram, stream, clock, signal, release } = context;
	if (signal.aborted) return Promise.reject(abortedBy(signal, 'resolve'));
	const { promise, resolve, reject } = Promise.withResolvers<Outcome>();
	const exchanges = new Map<Attempt, Exchange>();
	const machine = new QueryMachine({ ...plan, datagrams: datagram !== undefined, streams: stream !== undefined });
	const driver = drive(
		machine,
		{
			send(attempt) {
				const transport = attempt.by === 'datagram' ? datagram! : stream!;
				const exchange = transport.exchange(attempt.server.endpoint, attempt.query, {
					onMessage: (bytes) => driver.send({ type: 'message', attempt, bytes }),
					onFailure: (error) => driver.send({ type: 'failed', attempt, error }),
				});
				if (release.aborted) exchange.unref();
				exchanges.set(attempt, exchange);
			},
			cancel(attempt) {
				exchanges.get(attempt)!.cancel();
				exchanges.delete(attempt);
			},
			done(outcome) {
				end();
				resolve(outcome);
			},
		},
		unheld(clock),
	);
	const abort = () => {
		driver.send({ type: 'abort' });
		end();
		reject(abortedBy(signal, 'resolve'));
	};
	const unref = () => {
		for (const exchange of exchanges.values()) exchange.unref();
	};
	function end(): void {
		driver.stop();
		signal.removeEventListener('abort', abort);
		release.removeEventListener('abort', unref);
	}
	signal.addEventListener('abort', abort);
	release.addEventListener('abort', unref);
	driver.send({ type: 'begin' });
	return promise;
}

/** Its timers need not hold the process: while one runs an exchange is under way, and that does. */
function unheld(clock: Clock): Clock {
	return {
		now: () => clock.now(),
		after(milliseconds, run) {
			const timer = clock.after(milliseconds, run);
			timer.unref?.();
			return timer;
		},
		soon: (run) => clock.soon(run),
		hold: () => clock.hold(),
	};
}
