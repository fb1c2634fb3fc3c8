/** Runs what must be refused, and gives the error for a look at its words. */

import assert from 'node:assert/strict';
import { PostSocketsError } from '../../base/errors.ts';

export function refusal(run: () => unknown): PostSocketsError {
	try {
		run();
	} catch (error) {
		assert.ok(error instanceof PostSocketsError, `not ours: ${String(error)}`);
		return error;
	}
	throw new assert.AssertionError({ message: 'nothing was refused' });
}
