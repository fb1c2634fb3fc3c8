import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Flow } from './flow.ts';
import { metricsOf } from './metrics.ts';
import type { Port } from './port.ts';
import { type FlowTuning, type PortTuning, type Tunable, tuneFlow, tunePort } from './tuning.ts';

const plain = {} as Flow & Port;

test('what has no such ability has no metrics, and grants nothing', () => {
	assert.equal(metricsOf(plain), undefined);
	assert.deepEqual(tuneFlow(plain, { keepAlive: 1000 }), []);
	assert.deepEqual(tunePort(plain, { dontFragment: true }), []);
});

test('what has the ability is asked', () => {
	const wishes: FlowTuning[] = [];
	const tune = (wish: FlowTuning) => {
		wishes.push(wish);
		return ['userTimeout'] as const;
	};
	const wish = { userTimeout: 0, keepAlive: false, trafficClass: 255, keepAliveCount: undefined } as const;
	assert.deepEqual(tuneFlow({ ...plain, tune }, wish), ['userTimeout']);
	assert.deepEqual(wishes, [wish]);
});

test('a wish that nothing could grant is a mistake, and is not passed on', () => {
	const tune = () => assert.fail('passed on');
	const flow: Flow & Tunable<FlowTuning> = { ...plain, tune };
	const port: Port & Tunable<PortTuning> = { ...plain, tune };
	for (const value of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31]) {
		const expected = { code: 'bad-argument', operation: 'tune' };
		assert.throws(() => tuneFlow(flow, { userTimeout: value }), expected);
		assert.throws(() => tuneFlow(flow, { keepAlive: value }), expected);
		assert.throws(() => tunePort(port, { trafficClass: value }), expected);
	}
	assert.throws(() => tuneFlow(flow, { trafficClass: 256 }), { message: /trafficClass .* 0 to 255, not 256/ });
});
