import { abortedBy, type ErrorContext, type PostSocketsError } from '../../base/errors.ts';
import { fromSystem } from '../../base/system-error.ts';
import type { OpenThings } from './open-things.ts';

export interface AttemptOptions {
	readonly context: ErrorContext & { readonly operation: string };
	readonly signal: AbortSignal;
	readonly things: OpenThings;
	/** Frees what was begun, and calls `gone` when it is free. Called once, when the attempt has failed. */
	undo(gone: () => void): void;
}

export interface Outcome<T> {
	/** `make` is called now, or never when the attempt is over. */
	succeed(make: () => T): void;
	fail(error: PostSocketsError): void;
}

/**
 * Something that takes a while and ends by its own success or failure, by the caller's signal or with the stack,
 * whichever comes first; what comes later is ignored. What `start` throws is a mistake in the arguments.
 */
export function attempt<T>(
	{ context, signal, things, undo }: AttemptOptions,
	start: (outcome: Outcome<T>) => void,
): Promise<T> {
	if (things.ended) return Promise.reject(things.ended);
	return new Promise((resolve, reject) => {
		let over = false;
		const gone = things.add(fail);
		signal.addEventListener('abort', onAbort);

		function settle(): void {
			over = true;
			signal.removeEventListener('abort', onAbort);
		}

		function succeed(make: () => T): void {
			if (over) return;
			try {
				resolve(make());
			} catch (error) {
				fail(fromSystem(error, context));
				return;
			}
			settle();
			gone();
		}

		function fail(error: PostSocketsError): void {
			if (over) return;
			settle();
			undo(gone);
			reject(error);
		}

		function onAbort(): void {
			fail(abortedBy(signal, context.operation));
		}

		try {
			start({ succeed, fail });
		} catch (error) {
			fail(fromSystem(error, context, 'bad-argument'));
		}
	});
}
