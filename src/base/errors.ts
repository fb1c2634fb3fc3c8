/**
 * The one error type of this library and its closed set of codes. Each code has a page in docs/errors.
 *
 * Rule: a mistake of the caller throws at once (`bad-argument`, `policy-contradiction`, `not-supported`); what the
 * network does arrives as a rejected promise, an outcome or an event.
 */

export const errorCodes = [
	'aborted',
	'address-in-use',
	'address-unavailable',
	'all-attempts-failed',
	'bad-argument',
	'certificate-expired',
	'certificate-untrusted',
	'closed',
	'dns-failed',
	'dns-not-found',
	'dns-timeout',
	'malformed',
	'name-mismatch',
	'no-candidates',
	'not-permitted',
	'not-supported',
	'policy-contradiction',
	'queue-full',
	'refused',
	'reset',
	'resource-limit',
	'send-failed',
	'storage-failed',
	'timed-out',
	'tls-alert',
	'tls-failed',
	'too-large',
	'unreachable',
] as const;

export type ErrorCode = (typeof errorCodes)[number];

export interface ErrorContext {
	/** What was being done: `initiate`, `connect`, `listen`, `send`, `receive`, `resolve`, ... */
	readonly operation?: string | undefined;
	/** The local end as text (`192.0.2.1:4000`, `unix:/run/x`), where one is known. */
	readonly local?: string | undefined;
	/** The remote end as text, where one is known. */
	readonly remote?: string | undefined;
	/** The error below this one; a system error keeps its errno name in `code`. */
	readonly cause?: unknown;
}

/** Set on every instance, so that `instanceof` holds between two copies of this package. */
const brand = Symbol.for('post-sockets.error.1');

export class PostSocketsError extends Error {
	readonly code: ErrorCode;
	readonly operation: string | undefined;
	readonly local: string | undefined;
	readonly remote: string | undefined;

	constructor(code: ErrorCode, message: string, context: ErrorContext = {}) {
		super(message, context.cause === undefined ? undefined : { cause: context.cause });
		this.code = code;
		this.operation = context.operation;
		this.local = context.local;
		this.remote = context.remote;
	}

	static override [Symbol.hasInstance](value: unknown): boolean {
		if (this !== PostSocketsError) return Function.prototype[Symbol.hasInstance].call(this, value);
		return typeof value === 'object' && value !== null && brand in value;
	}
}

Object.defineProperty(PostSocketsError.prototype, 'name', { value: 'PostSocketsError' });
Object.defineProperty(PostSocketsError.prototype, brand, { value: true });

/** The caller passed something that cannot work: `bad-argument`, thrown at once. */
export function badArgument(message: string, operation?: string): PostSocketsError {
	return new PostSocketsError('bad-argument', message, { operation });
}

/** The reason of an aborted signal as our error; the caller's own reason is its `cause`. */
export function abortedBy(signal: AbortSignal, operation: string): PostSocketsError {
	const reason: unknown = signal.reason;
	if (reason instanceof PostSocketsError) return reason;
	return new PostSocketsError('aborted', `${operation} was aborted by the caller's signal`, {
		operation,
		cause: reason,
	});
}
