import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { PostSocketsError } from '../../base/errors.ts';
import { anyValueOf } from './policy-harness.ts';
import type { PropertyName } from './properties.ts';
import { properties, propertyOf } from './property-name.ts';
import { checkValue, parseValue, printValue } from './property-value.ts';
import { refusal } from './refusal-harness.ts';

const check = (name: PropertyName, value: unknown) => checkValue(propertyOf(name), value);
const parse = (name: PropertyName, text: string) => parseValue(propertyOf(name), text);
const words = (name: PropertyName, value: unknown) => refusal(() => check(name, value)).message;

test('T-1.1-03 a value of the wrong type is refused, and the words name it, what was given and what may be', () => {
	assert.equal(
		words('reliability', 'allways'),
		'reliability is "allways"; it is one of require, prefer, none, avoid, prohibit',
	);
	assert.equal(words('reliability', true), 'reliability is true; it is one of require, prefer, none, avoid, prohibit');
	assert.equal(words('connTimeout', 0), 'connTimeout is 0; it is a number of milliseconds above 0 or "disabled"');
	assert.equal(
		words('connTimeout', 'unlimited'),
		'connTimeout is "unlimited"; it is a number of milliseconds above 0 or "disabled"',
	);
	assert.equal(words('connPriority', 1.5), 'connPriority is 1.5; it is a whole number from 0');
	assert.equal(
		words('recvChecksumLen', -1),
		'recvChecksumLen is -1; it is a whole number of bytes from 0 or "full-coverage"',
	);
	assert.equal(
		words('tcp.userTimeoutValue', 0),
		'tcp.userTimeoutValue is 0; it is a whole number of milliseconds from 1 or "tcp-default"',
	);
	assert.equal(
		words('msgLifetime', Infinity),
		'msgLifetime is Infinity; it is a number of milliseconds above 0 or "infinite"',
	);
	assert.equal(
		words('maxSendRate', 5n),
		'maxSendRate is the bigint 5; it is a number of bits per second above 0 or "unlimited"',
	);
	assert.equal(words('final', 'true'), 'final is "true"; it is true or false');
	assert.equal(words('multipath', null), 'multipath is null; it is one of disabled, active, passive');
	assert.equal(
		words('interface', 'wlan0'),
		'interface is "wlan0"; it is an object of interfaces, each with one of require, prefer, none, avoid, prohibit',
	);
	assert.equal(
		words('interface', { wlan0: 'yes' }),
		'interface has "yes" for "wlan0"; it is one of require, prefer, none, avoid, prohibit',
	);
	assert.match(words('pvd', { '': 'prefer' }), /^pvd has a preference for ""/);
	for (const [name, wrong] of [
		['connPriority', Number.MAX_VALUE],
		['connPriority', '5'],
		['msgLifetime', Number.NaN],
		['interface', ['wlan0']],
		['groupConnLimit', -1],
	] as const) {
		assert.equal(refusal(() => check(name, wrong)).code, 'bad-argument');
	}
});

test('tokens have any case and the spelling of the RFC', () => {
	const same: [PropertyName, string, string][] = [
		['reliability', 'Require', 'require'],
		['reliability', 'No Preference', 'none'],
		['reliability', 'NO_PREFERENCE', 'none'],
		['recvChecksumLen', 'Full Coverage', 'full-coverage'],
		['connTimeout', 'Disabled', 'disabled'],
		['minSendRate', 'UNLIMITED', 'unlimited'],
		['connCapacityProfile', 'Low Latency/Interactive', 'low-latency-interactive'],
		['connCapacityProfile', 'Low Latency/Non-Interactive', 'low-latency-non-interactive'],
		['connCapacityProfile', 'Constant-Rate Streaming', 'constant-rate-streaming'],
		['connCapacityProfile', 'CapacitySeeking', 'capacity-seeking'],
		['direction', 'Unidirectional send', 'unidirectional-send'],
		['connScheduler', 'First-Come, First-Served', 'first-come-first-served'],
	];
	for (const [name, spelled, token] of same) {
		assert.equal(check(name, spelled), token);
		assert.equal(parse(name, spelled), token);
	}
});

test('a set is copied and frozen, whatever its names', () => {
	const mine = JSON.parse('{"wlan0":"Prefer","__proto__":"avoid","constructor":"none"}');
	const kept = check('interface', mine) as Record<string, string>;
	mine.wlan0 = 'prohibit';
	assert.deepEqual(Object.entries(kept), [
		['wlan0', 'prefer'],
		['__proto__', 'avoid'],
		['constructor', 'none'],
	]);
	assert.ok(Object.isFrozen(kept));
});

test('values are read from text, and the words of a refusal say what to write', () => {
	assert.equal(parse('connTimeout', '250.5'), 250.5);
	assert.equal(parse('connTimeout', 'disabled'), 'disabled');
	assert.equal(parse('final', 'TRUE'), true);
	assert.deepEqual(parse('interface', 'wlan0=prefer,cellular=Prohibit'), { wlan0: 'prefer', cellular: 'prohibit' });
	assert.deepEqual(parse('pvd', ''), {});
	const odd = { 'a,b=c': 'avoid', '%2C': 'prefer', 'Ethernet 2': 'none' };
	assert.equal(printValue(check('interface', odd)), 'a%2Cb%3Dc=avoid,%252C=prefer,Ethernet 2=none');
	assert.deepEqual(parse('interface', 'a%2Cb%3Dc=avoid,%252C=prefer,Ethernet 2=none'), odd);
	assert.ok(Object.is(check('connPriority', -0), 0));
	assert.equal(refusal(() => parse('final', 'yes')).message, 'final is "yes"; it is true or false');
	assert.equal(refusal(() => parse('connPriority', '-1')).message, 'connPriority is "-1"; it is a whole number from 0');
	assert.equal(refusal(() => parse('pvd', 'home')).message, 'pvd has "home"; write name=preference,name=preference');
	for (const text of ['', ' 5', '0x10', '1e999', 'NaN', 'Infinity']) {
		assert.equal(refusal(() => parse('msgPriority', text)).code, 'bad-argument');
	}
});

test('what is printed is read back as it was', () => {
	for (const property of properties) {
		fc.assert(
			fc.property(anyValueOf(property), (value) => {
				const canonical = checkValue(property, value);
				assert.deepEqual(checkValue(property, canonical), canonical);
				assert.deepEqual(parseValue(property, printValue(canonical)), canonical);
			}),
			{ numRuns: 200 },
		);
	}
});

test('any value and any text is taken or refused with bad-argument', () => {
	const value = fc.oneof(
		fc.anything({ withBigInt: true, withDate: true, withMap: true, withNullPrototype: true, withTypedArray: true }),
		fc.constant(Symbol('value')),
		fc.constant(() => 1),
	);
	fc.assert(
		fc.property(fc.constantFrom(...properties), value, fc.string({ unit: 'binary' }), (property, given, text) => {
			for (const run of [() => checkValue(property, given), () => parseValue(property, text)]) {
				try {
					const taken = run();
					assert.deepEqual(checkValue(property, taken), taken);
				} catch (error) {
					assert.ok(error instanceof PostSocketsError && error.code === 'bad-argument', String(error));
					assert.ok(error.message.startsWith(property.name));
				}
			}
		}),
		{ numRuns: 5_000 },
	);
});
