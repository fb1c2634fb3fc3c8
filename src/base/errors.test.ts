import assert from 'node:assert/strict';
import { test } from 'node:test';
import { abortedBy, badArgument, errorCodes, PostSocketsError } from './errors.ts';
import { fromSystem } from './system-error.ts';

test('an error carries code, operation, both ends and cause, and shows its name', () => {
	const cause = new Error('below');
	const context = { operation: 'connect', local: '192.0.2.1:4000', remote: '192.0.2.2:80', cause };
	const error = new PostSocketsError('refused', 'nothing listens there', context);
	assert.ok(error instanceof Error);
	assert.deepEqual(
		{ ...error },
		{ code: 'refused', operation: 'connect', local: '192.0.2.1:4000', remote: '192.0.2.2:80' },
	);
	assert.equal(error.cause, cause);
	assert.equal(String(error), 'PostSocketsError: nothing listens there');
	assert.match(error.stack!, /^PostSocketsError: nothing listens there/);
	assert.deepEqual(Object.keys(error).includes('name'), false);
});

test('without a cause there is no property of that name', () => {
	assert.equal('cause' in new PostSocketsError('closed', 'over'), false);
});

test('instanceof holds between two copies of the package, and for nothing else', async () => {
	const copy: typeof import('./errors.ts') = await import(`./errors.ts?${'copy'}`);
	assert.notEqual(copy.PostSocketsError, PostSocketsError);
	assert.ok(new copy.PostSocketsError('closed', 'over') instanceof PostSocketsError);
	assert.ok(new PostSocketsError('closed', 'over') instanceof copy.PostSocketsError);
	for (const other of [new Error('closed'), { code: 'closed' }, null, undefined, 'closed', 5]) {
		assert.equal((other as unknown) instanceof PostSocketsError, false);
	}
});

test('a subclass is told from its parent', () => {
	class Special extends PostSocketsError {}
	assert.ok(new Special('closed', 'over') instanceof Special);
	assert.ok(new Special('closed', 'over') instanceof PostSocketsError);
	assert.equal((new PostSocketsError('closed', 'over') as unknown) instanceof Special, false);
});

test('codes are unique, sorted, and fit into an address', () => {
	assert.deepEqual(errorCodes, [...new Set(errorCodes)].sort());
	for (const code of errorCodes) assert.match(code, /^[a-z]+(-[a-z]+)*$/);
});

test('badArgument names the operation', () => {
	const { code, operation, message } = badArgument('no such thing', 'listen');
	assert.deepEqual([code, operation, message], ['bad-argument', 'listen', 'no such thing']);
});

test('an aborted signal gives an error with its reason, or the reason itself if it is ours', () => {
	const reason = new Error('changed my mind');
	const error = abortedBy(AbortSignal.abort(reason), 'connect');
	assert.deepEqual([error.code, error.operation, error.cause], ['aborted', 'connect', reason]);
	const ours = new PostSocketsError('timed-out', 'a deadline');
	assert.equal(abortedBy(AbortSignal.abort(ours), 'connect'), ours);
	const plain = abortedBy(AbortSignal.abort(), 'resolve');
	assert.equal((plain.cause as Error).name, 'AbortError');
});

test('an error of the system keeps its errno as cause and reads like advice', () => {
	const cause = Object.assign(new Error('connect ECONNREFUSED 192.0.2.1:80'), { code: 'ECONNREFUSED' });
	const error = fromSystem(cause, { operation: 'connect', local: '192.0.2.9:5', remote: '192.0.2.1:80' });
	assert.deepEqual([error.code, error.operation, error.cause], ['refused', 'connect', cause]);
	assert.deepEqual([error.local, error.remote], ['192.0.2.9:5', '192.0.2.1:80']);
	assert.match(error.message, /^connect 192\.0\.2\.1:80: nothing listens there/);
});

test('an error of ours passes through; one that is unknown becomes the fallback, in its own words', () => {
	const ours = new PostSocketsError('closed', 'over');
	assert.equal(fromSystem(ours, { operation: 'send' }), ours);
	const odd = fromSystem(Object.assign(new Error('odd'), { code: 'EODD' }), { operation: 'send' });
	assert.deepEqual([odd.code, odd.message], ['send-failed', 'send: odd']);
	const text = fromSystem('just text', { operation: 'listen', local: '0.0.0.0:1' }, 'resource-limit');
	assert.deepEqual([text.code, text.message], ['resource-limit', 'listen 0.0.0.0:1: just text']);
	for (const name of ['toString', 'constructor', '__proto__']) {
		const tricky = fromSystem(Object.assign(new Error('tricky'), { code: name }), { operation: 'send' });
		assert.deepEqual([tricky.code, tricky.message], ['send-failed', 'send: tricky']);
	}
});
