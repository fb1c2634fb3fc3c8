import assert from 'node:assert/strict';
import { test } from 'node:test';
import { IpAddress } from '../base/address.ts';
import { readMulticast } from './multicast.ts';
import type { BindOptions, MulticastGroup } from './stack.ts';

const { signal } = new AbortController();

function read(local: string, options: Partial<BindOptions>) {
	return readMulticast({ address: IpAddress.parse(local), port: 0 }, { signal, ...options });
}

function join(local: string, address: string, rest: Omit<MulticastGroup, 'address'> = {}, by?: string) {
	return read(local, { group: { address: IpAddress.parse(address), ...rest }, interface: by }).membership;
}

test('a port that joins nothing has the defaults', () => {
	assert.deepEqual(read('127.0.0.1', {}), {
		membership: undefined,
		hopLimit: undefined,
		interface: undefined,
		loopback: true,
	});
});

test('a group is joined on its own interface, else in its zone, else on that of the port', () => {
	assert.equal(join('0.0.0.0', '239.1.1.1')?.interface, undefined);
	assert.equal(join('0.0.0.0', '239.1.1.1', {}, 'eth0')?.interface, 'eth0');
	assert.equal(join('0.0.0.0', '239.1.1.1', { interface: 'eth1' }, 'eth0')?.interface, 'eth1');
	assert.equal(join('::', 'ff02::fb%eth2', {}, 'eth0')?.interface, 'eth2');
	assert.equal(join('ff02::fb%eth2', 'ff02::fb')?.interface, 'eth2');
});

test('only a group of one link keeps a zone', () => {
	assert.equal(String(join('::', 'ff02::fb', { interface: 'eth0' })?.address), 'ff02::fb%eth0');
	assert.equal(String(join('::', 'ff01::1', {}, 'eth0')?.address), 'ff01::1%eth0');
	assert.equal(String(join('::', 'ff15::1', { interface: 'eth0' })?.address), 'ff15::1');
	assert.equal(String(join('::', 'ff35::1%eth0')?.address), 'ff35::1');
	assert.equal(String(join('ff15::1', 'ff15::1')?.address), 'ff15::1');
});

test('mistakes are bad arguments, and say what is wrong', () => {
	const address = (text: string) => IpAddress.parse(text);
	const cases: [() => unknown, RegExp][] = [
		[() => join('0.0.0.0', '192.0.2.1'), /192\.0\.2\.1 is no multicast address/],
		[() => join('::', '239.1.1.1'), /must be IPv4 too/],
		[() => join('::', 'ff15::1', { source: address('192.0.2.1') }), /must be IPv6 too/],
		[() => join('0.0.0.0', '232.1.1.1', { source: address('232.1.1.2') }), /one sender/],
		[() => join('0.0.0.0', '232.1.1.1', { source: IpAddress.any4 }), /one sender/],
		[() => join('192.0.2.1', '239.1.1.1'), /bind to the group or to any address/],
		[() => join('239.1.1.2', '239.1.1.1'), /bind to the group or to any address/],
		[() => join('::', 'ff02::1%eth0', { interface: 'eth1' }), /zone eth0/],
		[() => join('::', 'ff02::1'), /name an interface/],
		[() => read('0.0.0.0', { hopLimit: 0 }), /from 1 to 255, not 0/],
	];
	for (const [body, message] of cases) assert.throws(body, { code: 'bad-argument', operation: 'bind', message });
});
