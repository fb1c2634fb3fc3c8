import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Chunk, ReceivedText } from './received-text.ts';

function run(...pieces: Uint8Array[]): Chunk[] {
	const text = new ReceivedText();
	return [...pieces.map((piece) => text.push(piece)), text.end()].filter((chunk) => chunk !== undefined);
}

function bytesOf(chunks: readonly Chunk[]): Buffer {
	return Buffer.concat(
		chunks.map((chunk) => ('received' in chunk ? Buffer.from(chunk.received) : Buffer.from(chunk.base64, 'base64'))),
	);
}

test('a character cut anywhere comes whole', () => {
	const bytes = Buffer.from('a ß € 🙂 z');
	for (let cut = 0; cut <= bytes.length; cut += 1) {
		const chunks = run(bytes.subarray(0, cut), bytes.subarray(cut));
		assert.equal(chunks.map((chunk) => ('received' in chunk ? chunk.received : '?')).join(''), 'a ß € 🙂 z');
	}
});

test('what is no UTF-8 comes as base64, and nothing is lost or counted twice', () => {
	const all = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
	for (const bytes of [
		all,
		Buffer.from([0xf0, 0x9f]),
		Buffer.from([0xef, 0xbb, 0xbf, 0x41]),
		Buffer.from([0x80, 0x80, 0x80, 0x80]),
	]) {
		for (let cut = 0; cut <= bytes.length; cut += 1) {
			const chunks = run(bytes.subarray(0, cut), bytes.subarray(cut));
			assert.deepEqual(bytesOf(chunks), bytes);
			assert.equal(
				chunks.reduce((sum, chunk) => sum + chunk.bytes, 0),
				bytes.length,
			);
		}
	}
});
