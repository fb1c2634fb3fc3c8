/** How much the system still holds of what a flow has handed down: an optional ability, that one asks a flow for. */

import type { Flow } from './flow.ts';

export interface Backlog {
	/** Handed down by `done`, and not sent as far as the system tells. */
	readonly bytes: number;
	/** What is sent and not acknowledged is counted with them: the system does not tell them apart. */
	readonly underWay: boolean;
}

/** An optional ability of a flow. */
export interface Backlogged {
	/** Undefined when the flow has closed, and where the system does not tell. It may take long: look at a clock. */
	backlog(): Backlog | undefined;
}

/** The backlog of any flow; undefined where it has none. */
export function backlogOf(flow: Flow & Partial<Backlogged>): Backlog | undefined {
	return flow.backlog?.();
}
