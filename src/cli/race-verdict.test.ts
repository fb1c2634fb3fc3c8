import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
	allFailed,
	attempt,
	badCertificate,
	blackHole,
	noSuchName,
	query,
	report,
	twentyAttempts,
} from './race-harness.ts';
import { sentence, verdict } from './race-verdict.ts';

test('a black hole is named with the path that looks broken', () => {
	assert.equal(
		sentence(verdict(blackHole)),
		'connected to 192.0.2.7:443 by TLS in 312 ms; [2001:db8::1]:443 was silent for 294 ms: its IPv6 path looks broken',
	);
});

test('silence of one address among others of its family is not blamed on the family', () => {
	const { remarks } = verdict(
		report({
			winner: '192.0.2.8',
			attempts: [
				attempt('192.0.2.7', { start: 10, end: 300, outcome: 'cancelled' }),
				attempt('192.0.2.8', { start: 260, end: 300, phase: 'ready', outcome: 'won' }),
			],
		}),
	);
	assert.deepEqual(remarks, ['192.0.2.7:443 was silent for 290 ms: a firewall drops the packets, or the host is down']);
});

test('an attempt that had no time to answer is not blamed', () => {
	const { remarks } = verdict(
		report({
			winner: '2001:db8::1',
			attempts: [
				attempt('2001:db8::1', { start: 0, end: 300, phase: 'ready', outcome: 'won' }),
				attempt('192.0.2.7', { start: 250, end: 300, outcome: 'cancelled' }),
			],
		}),
	);
	assert.deepEqual(remarks, []);
});

test('the same trouble is told once', () => {
	assert.deepEqual(verdict(allFailed).remarks, [
		'[2001:db8::1]:443 and [2001:db8::2]:443 cannot be reached: IPv6 does not work from here',
		'192.0.2.7:443 and 192.0.2.8:443 refused: nothing listens on port 443 there',
	]);
	assert.equal(verdict(twentyAttempts).remarks.length, 3);
	assert.match(verdict(twentyAttempts).remarks[0]!, /and 8 more were silent for 4\.8 s: the IPv6 path looks broken/);
});

test('names and certificates', () => {
	assert.match(
		sentence(verdict(noSuchName)),
		/^no connection to exmaple\.test:443 after 33 ms; there is no name "exmaple\.test"/,
	);
	assert.match(sentence(verdict(badCertificate)), /192\.0\.2\.7:443 showed a certificate that is out of date/);
});

test('DNS that is silent, failing, slow or without addresses', () => {
	const of = (...dns: Parameters<typeof query>[]) =>
		verdict(report({ dns: dns.map((one) => query(...one)) })).remarks.join('; ');
	assert.match(
		of(['AAAA', { outcome: 'timed-out', addresses: [] }]),
		/no DNS server answered for the AAAA record of "example\.com"/,
	);
	assert.match(of(['A', { outcome: 'failed', addresses: [] }]), /dns 192\.0\.2\.53 failed on the A record/);
	assert.match(
		of(['A', { outcome: 'pending', server: null, end: null, addresses: [] }]),
		/the A query .* had no answer for 300 ms/,
	);
	assert.match(
		of(['A', { outcome: 'empty', addresses: [] }], ['AAAA', { outcome: 'empty', addresses: [] }]),
		/the name "example\.com" has no address/,
	);
	const won = attempt('192.0.2.7', { start: 900, end: 920, phase: 'ready', outcome: 'won' });
	const slow = report({ winner: '192.0.2.7', milliseconds: 920, attempts: [won], dns: [query('A', { end: 900 })] });
	assert.deepEqual(verdict(slow).remarks, ['DNS alone took 900 ms']);
});

test('plaintext that was fallen back to is said first', () => {
	const won = attempt('192.0.2.7', { protocol: 'tcp', end: 3, phase: 'ready', outcome: 'won' });
	const { remarks } = verdict(report({ winner: '192.0.2.7', plaintextFallback: true, attempts: [won] }));
	assert.match(remarks[0]!, /NOT ENCRYPTED/);
});
