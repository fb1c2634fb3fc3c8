/** The bounds of one carrier. docs/limits.md lists them all. */

import { badArgument } from '../../base/errors.ts';

export interface CarrierLimits {
	/** Bytes sent but not yet handed to the layer below; above it sending fails with `queue-full`. Default 64 MiB. */
	readonly maxQueuedBytes: number;
	/** Messages that wait in the queue; above it sending fails with `queue-full`. Default 1048576. */
	readonly maxQueuedMessages: number;
	/** Antecedents that messages in the queue wait for, all together; above it `queue-full`. Default 65536. */
	readonly maxAntecedents: number;
	/** Bytes read ahead of the consumer; above it the carrier stops reading. Default 64 KiB. */
	readonly readAhead: number;
	/**
	 * Bytes read past the consumer while requests wait, because their replies may lie behind messages that nobody has
	 * taken yet; above it the carrier stops reading, and the requests may end as `timed-out`. Default 16 MiB.
	 */
	readonly readPast: number;
	/** Requests waiting for their reply; above it `request` fails with `queue-full`. Default 65536. */
	readonly maxRequests: number;
}

const defaults: CarrierLimits = {
	maxQueuedBytes: 64 * 2 ** 20,
	maxQueuedMessages: 2 ** 20,
	maxAntecedents: 2 ** 16,
	readAhead: 64 * 2 ** 10,
	readPast: 16 * 2 ** 20,
	maxRequests: 65_536,
};

/** What was asked for, the defaults for the rest. Throws `bad-argument`. */
export function carrierLimits(asked: Partial<CarrierLimits> = {}): CarrierLimits {
	const limits: { -readonly [Name in keyof CarrierLimits]: number } = { ...defaults };
	for (const name of Object.keys(defaults) as (keyof CarrierLimits)[]) {
		const value = asked[name] ?? defaults[name];
		if (!(value >= 0)) throw badArgument(`limits.${name} is ${value}; it is a number from 0`);
		limits[name] = value;
	}
	return limits;
}

/** `post` and `drained` ask for patience above this many bytes not yet handed down. */
export const highWater = 2 ** 20;

/** A batch this large is written at once, without waiting for the end of the turn. */
export const batchBytes = 64 * 2 ** 10;

/**
 * Once messages have ranks or deadlines, no more is given to the layers below while they have what they send in so many
 * milliseconds: what they have cannot be overtaken.
 */
export const shallowTime = 20;

/** Bytes between which that is; `unknown` while nobody knows how fast they are, or what they have. */
export const shallowBytes = { least: 16 * 2 ** 10, unknown: 32 * 2 ** 10, most: 2 ** 20 };
