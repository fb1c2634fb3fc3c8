/** The part of the suite of ports that joins groups. */

import assert from 'node:assert/strict';
import { IpAddress } from '../base/address.ts';
import { formatSocketAddress } from '../base/socket-address.ts';
import type { BindOptions } from '../stack/stack.ts';
import { datagram, type Place, type PortProbe } from './port-probe.ts';
import { rejection, settled, until } from './suite.ts';

export function declareMulticast(groupTest: (title: string, body: (groups: Groups) => Promise<void>) => void): void {
	groupTest('a member hears its group, and no other group on its port', async (groups) => {
		const member = await groups.join(groups.first);
		assert.ok(member.port.local.address.equals(groups.first), String(member.port.local.address));
		assert.notEqual(member.port.local.port, 0);
		const { port } = member.port.local;
		const other = await groups.join(groups.second, {}, port);
		const sender = await groups.sender();
		sender.send(datagram(1, 10), { address: groups.second, port });
		await until('the other member has it', () => other.received.length === 1);
		sender.send(datagram(2, 10), { address: groups.first, port });
		await until('the member has it', () => member.received.length > 0);
		await settled(() => member.received.length + other.received.length);
		assert.deepEqual([member.numbers(), other.numbers()], [[2], [1]]);
		assert.equal(sender.failed(), 0);
	});

	groupTest('every member hears, until it closes', async (groups) => {
		const one = await groups.join(groups.first);
		const two = await groups.join(groups.first, {}, one.port.local.port);
		const sender = await groups.sender();
		sender.send(datagram(1, 10), one.port.local);
		await until('both have it', () => one.received.length + two.received.length === 2);
		one.close();
		await until('one has left', () => one.closes.length === 1);
		sender.send(datagram(2, 10), two.port.local);
		await until('the other has it', () => two.received.length === 2);
		assert.deepEqual([one.numbers(), two.numbers()], [[1], [1, 2]]);
	});

	groupTest('a member answers its sender, from an address of one host', async (groups) => {
		const member = await groups.join(groups.first);
		const sender = await groups.sender();
		sender.send(datagram(1, 10), member.port.local);
		await until('it is there', () => member.received.length === 1);
		const { from } = member.received[0]!;
		assert.ok(!from.address.isMulticast && !from.address.isUnspecified, formatSocketAddress(from));
		assert.equal(from.port, sender.port.local.port);
		member.send(datagram(2, 10), from);
		await until('its answer is there', () => sender.received.length === 1);
		const answer = sender.received[0]!.from;
		assert.ok(!answer.address.isMulticast, formatSocketAddress(answer));
		assert.equal(answer.port, member.port.local.port);
		// What is sent to the host alone is not for the member.
		sender.send(datagram(3, 10), answer);
		await until('it was sent', () => sender.dones.length === 2);
		await settled(() => member.received.length);
		assert.deepEqual(member.numbers(), [1]);
	});

	groupTest('a member for one source hears no other', async (groups) => {
		const member = await groups.join(groups.first);
		const { port } = member.port.local;
		const sender = await groups.sender();
		sender.send(datagram(1, 10), member.port.local);
		await until('it is there', () => member.received.length === 1);
		const source = member.received[0]!.from.address;
		const choosy = await groups.join(groups.first, { source }, port);
		const elsewhere = await groups.join(groups.first, { source: groups.stranger }, port);
		sender.send(datagram(2, 10), member.port.local);
		await until('the member for its source has it', () => choosy.received.length === 1);
		await settled(() => member.received.length + elsewhere.received.length);
		assert.deepEqual([member.numbers(), choosy.numbers(), elsewhere.numbers()], [[1, 2], [2], []]);
	});

	groupTest('without loopback no member on this host hears', async (groups) => {
		const member = await groups.join(groups.first);
		const quiet = await groups.sender({ loopback: false });
		const loud = await groups.sender({ loopback: true, hopLimit: 1 });
		quiet.send(datagram(1, 10), member.port.local);
		await until('it was sent', () => quiet.dones.length === 1);
		loud.send(datagram(2, 10), member.port.local);
		await until('the loud one was heard', () => member.received.length > 0);
		await settled(() => member.received.length);
		assert.deepEqual([member.numbers(), quiet.failed()], [[2], 0]);
	});

	groupTest('what is no group, no source or no hop limit is a bad argument', async (groups) => {
		const { place, first, any } = groups;
		const bad = (options: Partial<BindOptions>, local = any) =>
			rejection(place.bind(options, { address: local, port: 0 }), 'bad-argument');
		await bad({ group: { address: place.address } });
		await bad({ group: { address: first, source: first } });
		await bad({ group: { address: first } }, place.address);
		for (const hopLimit of [0, 256, 1.5, Number.NaN]) await bad({ hopLimit });
	});

	groupTest('an interface that is not there is unavailable', async (groups) => {
		const { place, first, any } = groups;
		const local = { address: any, port: 0 };
		const error = await rejection(place.bind({ interface: 'none0' }, local), 'address-unavailable');
		assert.match(error.message, /none0/);
		assert.equal(error.operation, 'bind');
		await rejection(place.bind({ group: { address: first, interface: 'none0' } }, local), 'address-unavailable');
	});
}

/** Groups for one test, on one interface. Tests that run at once share them, but never a port. */
export class Groups {
	readonly place: Place;
	readonly any: IpAddress;
	readonly first: IpAddress;
	readonly second: IpAddress;
	/** Nobody sends from there. RFC 5737, RFC 3849 */
	readonly stranger: IpAddress;
	readonly #interface: string;

	constructor(place: Place, family: 4 | 6, by: string) {
		const [any, ...texts] =
			family === 4
				? ([IpAddress.any4, '239.255.77.1', '239.255.77.2', '203.0.113.77'] as const)
				: ([IpAddress.any6, 'ff15::77:1', 'ff15::77:2', '2001:db8:77::1'] as const);
		const [first, second, stranger] = texts.map((text) => IpAddress.parse(text));
		this.place = place;
		this.any = any;
		this.first = first!;
		this.second = second!;
		this.stranger = stranger!;
		this.#interface = by;
	}

	join(address: IpAddress, group: { readonly source?: IpAddress } = {}, port = 0): Promise<PortProbe> {
		const by = this.#interface;
		return this.place.bind({ group: { address, interface: by, ...group } }, { address: this.any, port });
	}

	sender(options: Partial<BindOptions> = {}): Promise<PortProbe> {
		return this.place.bind({ interface: this.#interface, ...options }, { address: this.any, port: 0 });
	}
}
