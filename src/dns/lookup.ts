import { abortedBy } from '../base/errors.ts';
import type { Finding } from './finding.ts';

interface Asker {
	resolve(finding: Finding): void;
	reject(error: unknown): void;
}

/** One question under way, shared by all who ask it: it goes on until it is settled or the last of them has left. */
export class Lookup {
	readonly #askers = new Set<Asker>();
	readonly #stop = new AbortController();
	readonly #release = new AbortController();

	/** Aborted when nobody wants to know any more. */
	get signal(): AbortSignal {
		return this.#stop.signal;
	}

	/** Aborted when everybody has an answer for now, and the question goes on without holding the process. */
	get released(): AbortSignal {
		return this.#release.signal;
	}

	join(signal: AbortSignal): Promise<Finding> {
		return new Promise((resolve, reject) => {
			const abort = () => {
				this.#askers.delete(asker);
				reject(abortedBy(signal, 'resolve'));
				if (this.#askers.size === 0 && !this.released.aborted) this.#stop.abort();
			};
			const forget = () => signal.removeEventListener('abort', abort);
			const asker: Asker = {
				resolve(finding) {
					forget();
					resolve(finding);
				},
				reject(error) {
					forget();
					reject(error);
				},
			};
			this.#askers.add(asker);
			signal.addEventListener('abort', abort);
		});
	}

	/** Gives everybody this answer. With `for now` the question goes on, for who asks later. */
	settle(finding: Finding, until: 'for good' | 'for now' = 'for good'): void {
		if (until === 'for now') this.#release.abort();
		for (const asker of this.#askers) asker.resolve(finding);
		this.#askers.clear();
	}

	/** Ends it. */
	fail(error: unknown): void {
		for (const asker of this.#askers) asker.reject(error);
		this.#askers.clear();
		this.#stop.abort(error);
	}
}
