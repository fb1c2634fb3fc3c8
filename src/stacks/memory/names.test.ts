import assert from 'node:assert/strict';
import { test } from 'node:test';
import { virtualClock } from '../../base/virtual-clock.ts';
import type { RecordType } from '../../stack/resolver.ts';
import { memory } from './memory.ts';
import type { NameAnswers } from './names.ts';

const never = new AbortController().signal;

function ground(names: Record<string, NameAnswers> = {}) {
	const clock = virtualClock();
	const stack = memory({ clock, rtt: 20, names });
	async function ask(name: string, type: RecordType, signal = never) {
		const start = clock.now();
		const { status, records, source } = await stack.resolver.resolve(name, type, signal);
		assert.equal(source, 'memory');
		const texts = records.map(({ address, ttl }) => `${address} ${ttl}`);
		return [status, clock.now() - start, ...texts];
	}
	return { clock, stack, ask };
}

test('localhost is known', async () => {
	const { ask } = ground();
	assert.deepEqual(await ask('localhost', 'A'), ['found', 0, '127.0.0.1 60']);
	assert.deepEqual(await ask('localhost', 'AAAA'), ['found', 0, '::1 60']);
});

test('each type has its own answer, moment and ttl', async () => {
	const { ask } = ground({
		'api.test': {
			A: { addresses: ['192.0.2.1'], after: 10 },
			AAAA: { addresses: ['2001:db8::1', '2001:db8::2'], after: 400, ttl: 5 },
		},
		'broken.test': { A: { status: 'failed', after: 10 }, AAAA: { status: 'timed-out', after: 5000 } },
		'gone.test': { A: { status: 'not-found', after: 7 } },
		'four.test': { A: ['192.0.2.4'], AAAA: { after: 3 } },
	});
	const answers = await Promise.all([ask('api.test', 'A'), ask('api.test', 'AAAA')]);
	assert.deepEqual(answers, [
		['found', 10, '192.0.2.1 60'],
		['found', 400, '2001:db8::1 5', '2001:db8::2 5'],
	]);
	assert.deepEqual(await ask('broken.test', 'A'), ['failed', 10]);
	assert.deepEqual(await ask('broken.test', 'AAAA'), ['timed-out', 5000]);
	assert.deepEqual(await ask('gone.test', 'A'), ['not-found', 7]);
	assert.deepEqual(await ask('four.test', 'AAAA'), ['empty', 3]);
	assert.deepEqual(await ask('no.test', 'A'), ['not-found', 0]);
});

test('names change while the stack runs; case and a final dot do not matter', async () => {
	const { stack, ask } = ground();
	stack.names.set('API.test.', { A: ['192.0.2.1'] });
	assert.deepEqual(await ask('api.TEST', 'A'), ['found', 0, '192.0.2.1 60']);
	assert.deepEqual(await ask('api.test.', 'AAAA'), ['empty', 0]);
	stack.names.set('api.test', { AAAA: ['2001:db8::1'] });
	assert.deepEqual(await ask('api.test', 'A'), ['empty', 0]);
	stack.names.delete('Api.Test');
	assert.deepEqual(await ask('api.test', 'A'), ['not-found', 0]);
});

test('a question nobody answers ends with its signal, at its moment', async () => {
	const { clock, stack } = ground({ 'silent.test': { A: { status: 'never' } } });
	const controller = new AbortController();
	clock.after(15_000, () => controller.abort());
	const asking = stack.resolver.resolve('silent.test', 'A', controller.signal);
	assert.equal(stack.sockets.questions, 1);
	await assert.rejects(asking, { code: 'aborted' });
	assert.deepEqual([clock.now(), stack.sockets.questions, clock.pending], [15_000, 0, 0]);
});

test('a stack that closes answers what is open with failed, and everything after', async () => {
	const { clock, stack, ask } = ground({ 'slow.test': { A: { addresses: ['192.0.2.1'], after: 1000 } } });
	const asking = ask('slow.test', 'A');
	await stack.close();
	assert.deepEqual(await asking, ['failed', 0]);
	assert.deepEqual(await ask('slow.test', 'A'), ['failed', 0]);
	assert.deepEqual([stack.sockets.questions, clock.pending], [0, 0]);
});

test('mistakes throw at once', () => {
	const { names } = memory();
	const bad = { code: 'bad-argument' };
	assert.throws(() => names.set('x.test', { A: ['2001:db8::1'] }), bad);
	assert.throws(() => names.set('x.test', { AAAA: ['192.0.2.1'] }), bad);
	assert.throws(() => names.set('x.test', { A: ['192.0.2.256'] }), bad);
	assert.throws(() => names.set('x.test', { A: { after: -1 } }), bad);
	assert.throws(() => names.set('x.test', { A: { addresses: ['192.0.2.1'], ttl: -1 } }), bad);
	assert.throws(() => names.set('x.test', { A: { status: 'found' } }), bad);
	assert.throws(() => names.set('x.test', { A: { status: 'empty', addresses: ['192.0.2.1'] } }), bad);
});
