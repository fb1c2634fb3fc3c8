/** What happens to connects, by where they go: the trouble of a network, written down. */

import { IpAddress } from '../../base/address.ts';
import { badArgument } from '../../base/errors.ts';
import { formatSocketAddress, isUnix, parseSocketAddress, type SocketAddress } from '../../base/socket-address.ts';

/**
 * What becomes of a connect, after one round trip unless it says otherwise:
 *
 * - `answer`: the listener answers; without one, and without `flow`, it is refused.
 * - `refuse`, `reset`, `unreachable`: it fails with that code.
 * - `black-hole`: no answer ever comes; only the signal ends it.
 * - `no-route`: it fails with `unreachable` at once, before any packet.
 */
export type ConnectOutcome = 'answer' | 'refuse' | 'reset' | 'unreachable' | 'black-hole' | 'no-route';

export interface ConnectScript {
	/** Default `answer`. */
	readonly connect?: ConnectOutcome | undefined;
	/** Milliseconds of a round trip, for the connect and for its flow. Default: that of the stack. */
	readonly rtt?: number | undefined;
	/**
	 * What an answered connection does, in place of a listener. `silence`: it takes all bytes and never says one.
	 * `reset`: it resets when the first byte arrives, so one round trip after that was written.
	 */
	readonly flow?: 'silence' | 'reset' | undefined;
	/** How many connects follow this script. Default: all. */
	readonly times?: number | undefined;
}

interface Entry {
	readonly script: ConnectScript;
	left: number;
}

export class Scripts {
	/** By target; the newest last, and the last one counts. */
	readonly #entries = new Map<string, Entry[]>();

	add(target: string, script: ConnectScript): Disposable {
		const key = keyOf(target);
		check(script);
		const entry: Entry = { script, left: script.times ?? Number.POSITIVE_INFINITY };
		const entries = this.#entries.get(key) ?? [];
		this.#entries.set(key, entries);
		entries.push(entry);
		return {
			[Symbol.dispose]: () => {
				if (entries.includes(entry)) entries.splice(entries.indexOf(entry), 1);
			},
		};
	}

	/** The script that one connect to `remote` follows. */
	take(remote: SocketAddress): ConnectScript {
		const text = formatSocketAddress(remote);
		return this.#takeAt(text) ?? (isUnix(remote) ? undefined : this.#takeAt(String(remote.address))) ?? {};
	}

	#takeAt(key: string): ConnectScript | undefined {
		const entries = this.#entries.get(key);
		const entry = entries?.at(-1);
		if (entry && (entry.left -= 1) === 0) entries?.pop();
		return entry?.script;
	}
}

function keyOf(target: string): string {
	const address = IpAddress.tryParse(target);
	return address ? String(address) : formatSocketAddress(parseSocketAddress(target));
}

function check({ connect = 'answer', rtt = 0, flow, times = 1 }: ConnectScript): void {
	if (!(rtt >= 0)) throw badArgument(`an rtt is a number of milliseconds, not ${rtt}`, 'script');
	if (!Number.isInteger(times) || times < 1)
		throw badArgument(`times is a whole number from 1, not ${times}`, 'script');
	if (flow && connect !== 'answer')
		throw badArgument(`"flow" is for a connect that is answered, not ${connect}`, 'script');
}
