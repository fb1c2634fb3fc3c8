/**
 * The end of the current turn of the event loop: the one place that chooses when batched work runs.
 *
 * `setImmediate` where there is one: it runs after all input of this turn was handled, so that everything sent in
 * reaction to it leaves in one write. Elsewhere a `MessageChannel`, which browsers run as the next task.
 */

type Run = () => void;

const schedule: (run: Run) => void =
	typeof globalThis.setImmediate === 'function'
		? (run) => void globalThis.setImmediate(run)
		: (() => {
				const { port1, port2 } = new MessageChannel();
				const waiting: Run[] = [];
				Object.assign(port1, { onmessage: () => waiting.shift()?.() });
				return (run: Run) => {
					waiting.push(run);
					port2.postMessage(undefined);
				};
			})();

let batch: Run[] = [];

/** Runs `run` at the end of this turn, after what was given before it; one that throws does not stop the others. */
export function atTurnEnd(run: Run): void {
	if (batch.push(run) === 1) schedule(runBatch);
}

function runBatch(): void {
	const runs = batch;
	batch = [];
	for (let index = 0; index < runs.length; index += 1) {
		try {
			runs[index]!();
		} catch (error) {
			const rest = runs.slice(index + 1);
			if (rest.length > 0) {
				batch = rest.concat(batch);
				schedule(runBatch);
			}
			throw error;
		}
	}
}
