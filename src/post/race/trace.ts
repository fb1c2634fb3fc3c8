/**
 * Every step of every race on the diagnostics channel `post-sockets:race`, so that a race can be watched and replayed.
 * Costs one test when nobody listens.
 */

import { channel } from 'node:diagnostics_channel';
import type { Query } from './endpoints.ts';
import type { Attempt, RaceEvent, RaceLoss } from './plan.ts';

export interface RaceTrace {
	/** Counts races of this process. */
	readonly race: number;
	readonly target: string;
	/** Milliseconds on the stack's clock. */
	readonly at: number;
	readonly step:
		| RaceEvent
		| { readonly type: 'query'; readonly path: number; readonly query: Query }
		| { readonly type: 'start' | 'cancel' | 'won'; readonly attempt: Attempt }
		| { readonly type: 'lost'; readonly loss: RaceLoss };
}

export const raceChannel = channel('post-sockets:race');
