/**
 * The groups that one interface has joined, and what it tells routers about them: IGMP and MLD are the same but for their
 * packets. RFC 3376 §5, RFC 3810 §6; with older routers RFC 2236, RFC 1112 and RFC 2710.
 */

import type { IpAddress } from '../../base/address.ts';
import type { Machine, Wake } from '../../base/machine.ts';
import type { Random } from '../../base/random.ts';
import type { GroupRecord } from '../../wire/membership.ts';

/** What the router speaks: `newest` is IGMPv3 or MLDv2, `oldest` IGMPv1, which MLD has no counterpart of. */
export type MembershipVersion = 'newest' | 'older' | 'oldest';

export type MembershipEvent =
	/** Once more by one socket; without a source, to everybody who sends to the group. */
	| { readonly type: 'join'; readonly group: IpAddress; readonly source?: IpAddress | undefined }
	/** What was joined before. */
	| { readonly type: 'leave'; readonly group: IpAddress; readonly source?: IpAddress | undefined }
	| {
			readonly type: 'query';
			readonly version: MembershipVersion;
			/** Undefined asks about all. */
			readonly group: IpAddress | undefined;
			readonly sources: readonly IpAddress[];
			/** Milliseconds. */
			readonly maxResponseTime: number;
	  }
	/** Another host has answered an older router for the group. */
	| { readonly type: 'answered'; readonly group: IpAddress }
	/** The link went down and up. */
	| { readonly type: 'tell-again' };

export interface MembershipSink {
	/** To routers that speak the newest version. */
	records(records: readonly GroupRecord[]): void;
	/** To older ones. */
	member(group: IpAddress, version: 'older' | 'oldest'): void;
	left(group: IpAddress): void;
}

interface Group {
	readonly address: IpAddress;
	/** How many sockets hear which source; `undefined` is every source. By text. */
	readonly members: Map<string | undefined, { readonly source: IpAddress | undefined; count: number }>;
	/** How often the change of mode is still to be told. */
	modeLeft: number;
	/** Likewise of sources, by text. */
	readonly changes: Map<string, { readonly source: IpAddress; readonly allow: boolean; left: number }>;
	changeAt: number;
	answerAt: number;
	/** Those asked about; undefined for all. */
	asked: readonly IpAddress[] | undefined;
}

/** RFC 3376 §8.1, §8.11, §8.12; RFC 3810 §9 has the same. Times in milliseconds. */
const robustness = 2;
const unsolicitedInterval = 1000;
const olderInterval = 10_000;
const olderRouterPresent = robustness * 125_000 + 10_000;
/** Sources of one question that are kept apart; of more, all of the group are told. */
const maxAsked = 64;
/** An IGMPv1 router leaves the time at this. RFC 2236 §4 */
const oldestResponseTime = 10_000;

export class Memberships implements Machine<MembershipEvent, MembershipSink> {
	readonly #random: Random;
	readonly #groups = new Map<string, Group>();
	#olderUntil = Number.NEGATIVE_INFINITY;
	#oldestUntil = Number.NEGATIVE_INFINITY;
	/** When all groups are to be told. */
	#answerAt = Number.POSITIVE_INFINITY;

	constructor(random: Random) {
		this.#random = random;
	}

	get size(): number {
		return this.#groups.size;
	}

	get deadline(): number {
		let soonest = this.#answerAt;
		for (const { changeAt, answerAt } of this.#groups.values()) soonest = Math.min(soonest, changeAt, answerAt);
		return soonest;
	}

	*list(): IterableIterator<IpAddress> {
		for (const group of this.#groups.values()) if (group.members.size > 0) yield group.address;
	}

	/** Somebody here has joined it. Zones are not part of a group here. */
	has(group: IpAddress): boolean {
		return (this.#groups.get(group.toString())?.members.size ?? 0) > 0;
	}

	step(event: MembershipEvent | Wake, now: number, sink: MembershipSink): void {
		switch (event.type) {
			case 'join':
				this.#join(event.group, event.source, now, sink);
				return;
			case 'leave':
				this.#leave(event.group, event.source, now, sink);
				return;
			case 'query':
				this.#ask(event, now);
				return;
			case 'answered': {
				const group = this.#groups.get(event.group.toString());
				if (group !== undefined && this.#version(now) !== 'newest') group.answerAt = Number.POSITIVE_INFINITY;
				return;
			}
			case 'tell-again':
				for (const group of this.#groups.values()) {
					group.modeLeft = isReported(group.address) ? robustness : 0;
					this.#tellChange(group, now, sink);
				}
				return;
			case 'wake':
				this.#wake(now, sink);
				return;
		}
	}

	#join(address: IpAddress, source: IpAddress | undefined, now: number, sink: MembershipSink): void {
		const key = address.toString();
		let group = this.#groups.get(key);
		if (group === undefined) {
			group = {
				address,
				members: new Map(),
				modeLeft: 0,
				changes: new Map(),
				changeAt: Number.POSITIVE_INFINITY,
				answerAt: Number.POSITIVE_INFINITY,
				asked: undefined,
			};
			this.#groups.set(key, group);
		}
		const member = group.members.get(source?.toString());
		if (member !== undefined) {
			member.count += 1;
			return;
		}
		const before = interestOf(group);
		group.members.set(source?.toString(), { source, count: 1 });
		this.#change(group, before, now, sink);
	}

	#leave(address: IpAddress, source: IpAddress | undefined, now: number, sink: MembershipSink): void {
		const group = this.#groups.get(address.toString());
		const member = group?.members.get(source?.toString());
		if (group === undefined || member === undefined) return;
		member.count -= 1;
		if (member.count > 0) return;
		const before = interestOf(group);
		group.members.delete(source?.toString());
		this.#change(group, before, now, sink);
	}

	/** RFC 3376 §5.1 */
	#change(group: Group, before: Interest, now: number, sink: MembershipSink): void {
		if (isReported(group.address)) {
			const after = interestOf(group);
			if (before.all !== after.all) {
				group.modeLeft = robustness;
				group.changes.clear();
			} else if (!after.all) {
				this.#note(group, before.sources, after.sources);
			}
		}
		this.#tellChange(group, now, sink);
	}

	#note(group: Group, before: readonly IpAddress[], after: readonly IpAddress[]): void {
		const [was, is] = [before, after].map((list) => new Set(list.map(String)));
		for (const source of after) {
			if (!was!.has(String(source))) group.changes.set(String(source), { source, allow: true, left: robustness });
		}
		for (const source of before) {
			if (!is!.has(String(source))) group.changes.set(String(source), { source, allow: false, left: robustness });
		}
	}

	#tellChange(group: Group, now: number, sink: MembershipSink): void {
		const version = this.#version(now);
		if (version === 'newest') {
			const records = changesOf(group);
			if (records.length > 0) sink.records(records);
		} else if (group.modeLeft > 0 || group.changes.size > 0) {
			if (group.members.size > 0) sink.member(group.address, version);
			else if (version === 'older') sink.left(group.address);
			forgetOnce(group);
			// One "leave" is enough for an older router. RFC 2236 §3
			if (group.members.size === 0) group.modeLeft = 0;
		}
		const more = group.modeLeft > 0 || group.changes.size > 0;
		const interval = version === 'newest' ? unsolicitedInterval : olderInterval;
		group.changeAt = more ? now + this.#random.below(interval) : Number.POSITIVE_INFINITY;
		if (!more && group.members.size === 0) this.#groups.delete(group.address.toString());
	}

	#ask(event: MembershipEvent & { type: 'query' }, now: number): void {
		if (event.version === 'older') this.#olderUntil = now + olderRouterPresent;
		if (event.version === 'oldest') this.#oldestUntil = now + olderRouterPresent;
		const time = event.version === 'oldest' ? oldestResponseTime : event.maxResponseTime;
		const soon = () => now + this.#random.below(Math.max(1, Math.floor(time)));
		if (event.group === undefined && this.#version(now) !== 'newest') {
			// RFC 2236 §3: each group at a moment of its own, so that others may be first.
			for (const group of this.#told()) group.answerAt = Math.min(soon(), group.answerAt);
			return;
		}
		const at = soon();
		// RFC 3376 §5.2 (1): an answer about everything is due before, and says it all.
		if (this.#answerAt <= at) return;
		if (event.group === undefined) {
			this.#answerAt = at;
			return;
		}
		const group = this.#groups.get(event.group.toString());
		if (group === undefined || group.members.size === 0 || !isReported(group.address)) return;
		const pending = group.answerAt < Number.POSITIVE_INFINITY;
		const asked = pending ? group.asked && [...group.asked, ...event.sources] : event.sources;
		group.asked = event.sources.length === 0 || (asked && asked.length > maxAsked) ? undefined : asked;
		group.answerAt = Math.min(at, group.answerAt);
	}

	#wake(now: number, sink: MembershipSink): void {
		const version = this.#version(now);
		if (now >= this.#answerAt) {
			this.#answerAt = Number.POSITIVE_INFINITY;
			const told = this.#told();
			for (const group of told) group.answerAt = Number.POSITIVE_INFINITY;
			if (told.length > 0) sink.records(told.map(stateOf));
		}
		for (const group of [...this.#groups.values()]) {
			if (now >= group.answerAt) {
				group.answerAt = Number.POSITIVE_INFINITY;
				const record = answerOf(group);
				group.asked = undefined;
				if (version !== 'newest') sink.member(group.address, version);
				else if (record !== undefined) sink.records([record]);
			}
			if (now >= group.changeAt) this.#tellChange(group, now, sink);
		}
	}

	/** The groups that routers are to know of. */
	#told(): Group[] {
		return [...this.#groups.values()].filter(({ address, members }) => members.size > 0 && isReported(address));
	}

	#version(now: number): MembershipVersion {
		if (now < this.#oldestUntil) return 'oldest';
		return now < this.#olderUntil ? 'older' : 'newest';
	}
}

interface Interest {
	readonly all: boolean;
	/** Those heard, unless all are. */
	readonly sources: readonly IpAddress[];
}

function interestOf({ members }: Group): Interest {
	if (members.has(undefined)) return { all: true, sources: [] };
	return { all: false, sources: [...members.values()].map(({ source }) => source!) };
}

function stateOf(group: Group): GroupRecord {
	const { all, sources } = interestOf(group);
	return { type: all ? 'exclude' : 'include', group: group.address, sources };
}

/** RFC 3376 §5.2: of the sources asked about, those that are heard. */
function answerOf(group: Group): GroupRecord | undefined {
	const { all, sources } = interestOf(group);
	if (group.asked === undefined || group.asked.length === 0) return stateOf(group);
	const heard = group.asked.filter((asked) => all || sources.some((source) => source.equals(asked)));
	return heard.length === 0 ? undefined : { type: 'include', group: group.address, sources: heard };
}

/** What is still to be told of it, which is then told once less. */
function changesOf(group: Group): GroupRecord[] {
	const { all, sources } = interestOf(group);
	if (group.modeLeft > 0) {
		forgetOnce(group);
		return [{ type: all ? 'to-exclude' : 'to-include', group: group.address, sources }];
	}
	const records = (['allow', 'block'] as const).map((type) => ({
		type,
		group: group.address,
		sources: [...group.changes.values()]
			.filter(({ allow }) => allow === (type === 'allow'))
			.map(({ source }) => source),
	}));
	forgetOnce(group);
	return records.filter((record) => record.sources.length > 0);
}

function forgetOnce(group: Group): void {
	if (group.modeLeft > 0) group.modeLeft -= 1;
	for (const [key, change] of group.changes) {
		change.left -= 1;
		if (change.left <= 0) group.changes.delete(key);
	}
}

/** Not the groups that everybody is in, nor those that never leave their host. RFC 3376 §4.2.12, RFC 3810 §6 */
function isReported(group: IpAddress): boolean {
	const { bytes, family } = group;
	if (family === 4) return !(bytes[0] === 224 && bytes.subarray(1, 3).every((byte) => byte === 0) && bytes[3] === 1);
	const scope = bytes[1]! & 15;
	const allNodes = scope === 2 && bytes[15] === 1 && bytes.subarray(2, 15).every((byte) => byte === 0);
	return scope > 1 && !allNodes;
}
