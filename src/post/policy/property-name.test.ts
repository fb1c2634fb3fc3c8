import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { PostSocketsError } from '../../base/errors.ts';
import {
	checkPropertyName,
	findMessageProperty,
	findProperty,
	pascalCase,
	properties,
	propertyOf,
	snakeCase,
} from './property-name.ts';
import { protocolKeywords } from './protocol-keywords.ts';
import { refusal } from './refusal-harness.ts';

const anyProperty = fc.constantFrom(...properties);

test('T-4.1-01 names are the same in any case', () => {
	assert.equal(findProperty('CONNPRIORITY'), findProperty('connPriority'));
	const anyCase = (name: string) =>
		fc
			.infiniteStream(fc.boolean())
			.map((upper) => Array.from(name, (c) => (upper.next().value ? c.toUpperCase() : c.toLowerCase())).join(''));
	fc.assert(
		fc.property(
			anyProperty.chain((property) => fc.tuple(fc.constant(property), anyCase(property.name))),
			([property, name]) => findProperty(name) === property,
		),
	);
	assert.equal(findProperty('\u212aeepAlive'), undefined, 'the Kelvin sign is no k');
});

test('T-4.1-06 T-5-03 every name has its snake_case and PascalCase, and all lead back to it', () => {
	assert.equal(snakeCase('singularTransmissionMsgMaxLen'), 'singular_transmission_msg_max_len');
	assert.equal(snakeCase('tcp.userTimeoutValue'), 'tcp.user_timeout_value');
	assert.equal(pascalCase('connPriority'), 'ConnPriority');
	assert.equal(pascalCase('tcp.userTimeoutValue'), 'tcp.UserTimeoutValue');
	for (const property of properties) {
		const { name } = property;
		for (const spelled of [name, snakeCase(name), pascalCase(name), snakeCase(name).toUpperCase()]) {
			assert.equal(findProperty(spelled), property, spelled);
		}
	}
});

test('T-4.1-02 generic properties have no namespace, and are refused in one', () => {
	for (const property of properties.filter(({ namespace }) => namespace === undefined)) {
		assert.doesNotMatch(property.name, /\./);
		assert.equal(findProperty(`tcp.${property.name}`), undefined);
	}
	assert.equal(
		refusal(() => propertyOf('tcp.reliability')).message,
		'there is no property "tcp.reliability"; write reliability',
	);
});

test('T-4.1-03 properties of a protocol have its keyword as their namespace', () => {
	const specific = properties.filter(({ section }) => section.startsWith('8.2.'));
	assert.deepEqual(
		specific.map(({ namespace }) => namespace),
		['tcp', 'tcp', 'tcp'],
	);
	assert.equal(findProperty('userTimeoutValue'), undefined);
	const { message } = refusal(() => propertyOf('userTimeoutValue'));
	assert.equal(message, 'there is no property "userTimeoutValue"; write tcp.userTimeoutValue');
});

test('T-4.1-04 what RFC 9622 does not define is in the namespace of a vendor', () => {
	for (const { name, section } of properties) {
		assert.doesNotThrow(() => checkPropertyName(name));
		if (!/^(6\.2|8\.1|8\.2|9\.1\.3)\./.test(section)) assert.match(name, /^_/);
	}
	assert.deepEqual(checkPropertyName('_acme.turbo'), { namespace: '_acme', local: 'turbo' });
	assert.match(refusal(() => propertyOf('_acme.turbo')).message, /none of that vendor is known/);
	assert.match(refusal(() => propertyOf('acme.turbo')).message, /a vendor's begins with "_"/);
});

test('T-4.1-05 no vendor is called like a protocol, and no vendor property is named after one', () => {
	for (const keyword of ['tcp', 'UDP', 'sctp', 'IPv6-Route']) {
		const error = refusal(() => checkPropertyName(`_${keyword}.turbo`));
		assert.equal(error.code, 'bad-argument');
		assert.match(error.message, /keyword of a protocol/);
	}
	for (const { name } of properties.filter(({ name }) => name.startsWith('_'))) {
		const words = snakeCase(name).split(/[._-]/);
		assert.deepEqual(
			words.filter((word) => protocolKeywords.has(word)),
			[],
		);
	}
});

test('send has short names for message properties, and takes no others', () => {
	assert.equal(findMessageProperty('lifetime')?.name, 'msgLifetime');
	assert.equal(findMessageProperty('checksumLength')?.name, 'msgChecksumLen');
	assert.equal(findMessageProperty('MSG_PRIORITY')?.name, 'msgPriority');
	assert.equal(findMessageProperty('connPriority'), undefined);
	assert.equal(findProperty('lifetime'), undefined, 'a policy has no room for short names');
});

test('any text is a property or refused with bad-argument', () => {
	const names = fc.oneof(
		fc.string({ unit: 'binary' }),
		fc.stringMatching(/^[._a-zA-Z0-9-]*$/),
		anyProperty.chain(({ name }) => fc.tuple(fc.constant(name), fc.string()).map((parts) => parts.join(''))),
		fc.constantFrom('__proto__', 'constructor', 'toString', 'hasOwnProperty', ''),
	);
	fc.assert(
		fc.property(names, (name) => {
			try {
				assert.ok(properties.includes(propertyOf(name)));
			} catch (error) {
				assert.ok(
					error instanceof PostSocketsError &&
						error.code === 'bad-argument' &&
						error.message.length < 300 + name.length,
				);
			}
		}),
		{ numRuns: 2_000 },
	);
	for (const wrong of [undefined, null, 5, {}, Symbol('name')]) {
		assert.equal(refusal(() => propertyOf(wrong as never)).code, 'bad-argument');
	}
});
