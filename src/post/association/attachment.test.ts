import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Attachment, isRecognised } from './attachment.ts';
import { attempt, ip, race, remembering } from './memory-harness.ts';

const address = ip('192.0.2.1');
const home = 'gateway 02:00:5e:10:00:01, 192.168.1.0/24';

describe('H-70 the network', () => {
	function world() {
		const { memory, store } = remembering();
		const attachment = new Attachment(store);
		const learn = () => memory.recordRace(race(attempt({ address: '192.0.2.1' })), attachment.network);
		const known = () => memory.attemptDelay(address, attachment.network) !== undefined;
		return { attachment, store, learn, known };
	}

	test('what was learnt on it is not used on another, and is again when it is recognised', () => {
		const { attachment, learn, known } = world();
		attachment.moved(home);
		learn();
		assert.ok(known());
		attachment.moved('another');
		assert.ok(!known());
		attachment.moved();
		assert.ok(!known());
		attachment.moved(home);
		assert.ok(known());
	});

	test('an unknown one is forgotten when it is left, and every unknown one is another', () => {
		const { attachment, store, learn, known } = world();
		const first = attachment.network;
		learn();
		assert.ok(known());
		attachment.moved();
		assert.notEqual(attachment.network, first);
		assert.ok(!known());
		assert.deepEqual(store.entries({ partition: '', kind: 'rtt' }), []);
		assert.ok(!isRecognised(attachment.network));
	});

	test('the same identity again changes nothing, and does not appear in the key', () => {
		const { attachment, learn, known } = world();
		attachment.moved(home);
		const { network } = attachment;
		learn();
		attachment.moved(home);
		assert.equal(attachment.network, network);
		assert.ok(known());
		assert.ok(isRecognised(network));
		assert.doesNotMatch(network, /gateway|02:00|192/);
	});

	test('nothing of an unknown network is for a disk', () => {
		const { attachment, store, learn } = world();
		learn();
		attachment.moved(home);
		learn();
		assert.deepEqual(
			store.entries({ partition: '', kind: 'winner' }).map(({ disk }) => disk),
			[undefined],
		);
		attachment.moved();
		learn();
		const entries = store.entries({ partition: '', kind: 'winner' });
		assert.deepEqual(
			entries.map(({ network, disk }) => [isRecognised(network), disk]),
			[
				[true, undefined],
				[false, 'never'],
			],
		);
	});

	test('a network can be forgotten', () => {
		const { memory } = remembering();
		memory.recordRace(race(attempt({ address: '192.0.2.1' })), 'network:a');
		memory.recordRace(race(attempt({ address: '192.0.2.1' })), 'network:b');
		memory.forget('network:a');
		assert.equal(memory.attemptDelay(address, 'network:a'), undefined);
		assert.equal(memory.attemptDelay(address, 'network:b'), 100);
	});
});
