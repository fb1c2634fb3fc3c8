import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatSocketAddress } from '../../base/socket-address.ts';
import type { RecordType } from '../../stack/resolver.ts';
import type { EndpointSource } from './endpoints.ts';
import {
	answer,
	badHandshake,
	type Course,
	half,
	ip,
	label,
	literal,
	named,
	noRoute,
	ok,
	planOf,
	type Race,
	refused,
	type Script,
	secure,
	silent,
	simulate,
} from './machine-harness.ts';
import { type Reply, type SimpleRace, slowRace } from './machine-twin.ts';
import type { Attempt, RacePlan, Rule } from './plan.ts';
import type { RacingMode } from './timing.ts';

interface World {
	readonly plan: RacePlan;
	/** By address, protocol and path; see `pick`. */
	readonly courses: readonly Course[];
	/** By type, name and path. */
	readonly replies: readonly Reply[];
}

const labels = { 6: ['6a', '6b', '6c', '6d'], 4: ['4a', '4b', '4c', '4d'] };
const familyOrders: readonly (readonly (4 | 6)[])[] = [[6, 4], [4, 6], [6], [4], []];

const rtt = fc.nat(900);
const ending = fc.oneof(
	rtt.map(ok),
	fc.tuple(rtt, rtt).map(([a, b]) => secure(a, b)),
	rtt.map(refused),
	rtt.map((after) => badHandshake('reset', after)),
	fc.constant(noRoute),
);
const anyCourse = fc.oneof({ weight: 3, arbitrary: ending }, fc.constant(silent), rtt.map(half));
const someOf = (family: 4 | 6) => fc.subarray(labels[family]).map((list) => [...list, ...list.slice(0, 1)]);
const ended = fc.record({ after: fc.nat(600), labels: fc.tuple(someOf(6), someOf(4)).map((both) => both.flat()) });
const anyReply: fc.Arbitrary<Reply> = fc.oneof({ weight: 3, arbitrary: ended }, fc.constant(undefined));

const protocols = [
	{ name: 'quic', handshake: true },
	{ name: 'tcp', handshake: false },
];
const anySource = fc
	.record({
		kind: fc.constantFrom('name', 'name', 'literal', 'unix'),
		labels: fc.shuffledSubarray([...labels[6], ...labels[4]]),
		protocols: fc.subarray(['quic', 'tcp'], { minLength: 1 }),
		identity: fc.constantFrom(undefined, 'x.test'),
	})
	.map(({ kind, labels, ...more }): EndpointSource => {
		if (kind === 'name') return named('a.test', more);
		return kind === 'unix' ? named('', { ...more, path: '/run/x' }) : literal(labels, more);
	});
const anyTiming = fc.record({
	resolutionDelay: fc.nat(200),
	attemptDelay: fc.integer({ min: 10, max: 500 }),
	protocolDelay: fc.integer({ min: 10, max: 500 }),
	pathDelay: fc.integer({ min: 10, max: 800 }),
	maximumDelay: fc.integer({ min: 10, max: 2_000 }),
	patience: fc.integer({ min: 100, max: 2_000 }),
});
/** None, or one that turns the order around. */
const anyRule = fc.constantFrom<Rule | undefined>(undefined, (choices) => choices.toReversed());
const anyMode = fc.constantFrom<RacingMode>('staggered', 'simultaneous', 'failover');
const narrow = fc.record({
	concurrent: fc.integer({ min: 1, max: 6 }),
	attempts: fc.integer({ min: 1, max: 20 }),
	addressesPerAnswer: fc.integer({ min: 1, max: 5 }),
});
const wide = fc.record({
	concurrent: fc.constant(1_000),
	attempts: fc.constant(1_000),
	addressesPerAnswer: fc.integer({ min: 1, max: 5 }),
});

function worlds(parts: {
	readonly mode: fc.Arbitrary<RacingMode>;
	readonly course: fc.Arbitrary<Course>;
	readonly reply: fc.Arbitrary<Reply>;
	readonly limits: typeof narrow;
	readonly timeout: fc.Arbitrary<number>;
	readonly rule?: typeof anyRule;
}): fc.Arbitrary<World> {
	return fc
		.record({
			families: fc.array(fc.constantFrom(...familyOrders), { minLength: 1, maxLength: 3 }),
			protocols: fc.subarray(protocols),
			sources: fc.array(anySource, { maxLength: 3 }),
			timing: anyTiming,
			mode: parts.mode,
			rule: parts.rule ?? fc.constant(undefined),
			limits: parts.limits,
			timeout: parts.timeout,
			courses: fc.array(parts.course, { minLength: 1, maxLength: 15 }),
			replies: fc.array(parts.reply, { minLength: 1, maxLength: 9 }),
		})
		.map(({ families, courses, replies, rule, ...plan }) => ({
			plan: planOf({
				...plan,
				...(rule && { rule }),
				paths: families.map((families, index) => ({ name: `path${index}`, families })),
			}),
			courses,
			replies,
		}));
}

/** The same one for the same parts, in any order of asking. */
function pick<T>(list: readonly T[], ...parts: (string | number)[]): T {
	let hash = 7;
	for (const char of parts.join(' ')) hash = (hash * 31 + char.charCodeAt(0)) % 1_000_003;
	return list[hash % list.length]!;
}

function replyTo({ replies }: World, path: number, source: number, type: RecordType): Reply {
	const reply = pick(replies, path, source, type);
	return reply && { ...reply, labels: reply.labels.filter((label) => label.startsWith(type === 'A' ? '4' : '6')) };
}

function courseOf({ courses, plan }: World, path: number, protocol: number, key: string): Course {
	const { connected: _, ...course } = pick(courses, path, protocol, key);
	return plan.protocols[protocol]!.handshake ? pick(courses, path, protocol, key) : course;
}

function play(world: World, more: Partial<Script> = {}): Race {
	return simulate(world.plan, {
		course: ({ path, protocol, endpoint }) => courseOf(world, path, protocol, endpoint.key),
		dns({ source, type }, path) {
			const reply = replyTo(world, path, source, type);
			return reply && { after: reply.after, answer: answer(type, reply.labels.length > 0 ? reply.labels : 'empty') };
		},
		...more,
	});
}

interface Candidate {
	readonly path: number;
	readonly protocol: number;
	readonly course: Course;
	/** When its address is known, after the begin of its path. */
	readonly known: number;
}

/** Every attempt that could ever be made, found without any of the machinery under test. */
function candidates(world: World): Candidate[] {
	const { paths, protocols, sources, limits } = world.plan;
	const found = new Map<string, Candidate>();
	const add = (path: number, protocol: number, place: string, known: number) => {
		const before = found.get(`${path} ${protocol} ${place}`)?.known ?? known;
		const course = courseOf(world, path, protocol, place);
		found.set(`${path} ${protocol} ${place}`, { path, protocol, course, known: Math.min(known, before) });
	};
	for (const [path, { families }] of paths.entries()) {
		for (const [protocol, { name }] of protocols.entries()) {
			for (const [index, { protocols, path: file, addresses, identity, port }] of sources.entries()) {
				if (!protocols.includes(name)) continue;
				const key = (where: string) => (identity === undefined ? where : `${identity} at ${where}`);
				if (file !== undefined) add(path, protocol, key(`unix:${file}`), 0);
				for (const family of file === undefined ? families : []) {
					const reply = addresses ? undefined : replyTo(world, path, index, family === 6 ? 'AAAA' : 'A');
					const ips = addresses ?? reply?.labels.slice(0, limits.addressesPerAnswer).map(ip) ?? [];
					for (const address of ips.filter((address) => address.family === family)) {
						add(path, protocol, key(formatSocketAddress({ address, port })), reply?.after ?? 0);
					}
				}
			}
		}
	}
	return [...found.values()];
}

/** Between two starts of one parent lies the delay, or a failure of one of its attempts. */
function checkGaps({ mode, timing, rule }: RacePlan, { log }: Race): void {
	const delay = { staggered: timing.attemptDelay, simultaneous: 0, failover: timing.patience }[mode];
	const parent = ({ path, protocol }: Attempt) => (rule ? 'all' : `${path} ${protocol}`);
	const last = new Map<string, { readonly at: number; readonly index: number }>();
	log.forEach(({ at, what }, index) => {
		if (what.type !== 'start') return;
		const before = last.get(parent(what.attempt));
		last.set(parent(what.attempt), { at, index });
		if (before === undefined || at - before.at >= delay) return;
		const failed = log.slice(before.index, index).some(({ what: other }) => {
			return other.type === 'failed' && parent(other.attempt) === parent(what.attempt);
		});
		assert.ok(failed, `${at - before.at} ms between two starts, and no failure`);
	});
}

/** A wake is asked for to start something, to begin a branch, to end a resolution delay, or to end the race. */
function checkWakes({ paths, protocols, sources }: RacePlan, { log, attempts }: Race, added: number): void {
	const wakes = log.filter(({ what }) => what.type === 'wake').length;
	const most = attempts.length + paths.length * (1 + protocols.length + sources.length + added) + 1;
	assert.ok(wakes <= most, `${wakes} wakes, and at most ${most} had a reason`);
}

const numRuns = 2_000;

test('H-30 H-38 H-39 H-42 I-4.4-02 I-4.4-03 I-12-02 the laws of a race hold, whatever happens in it', () => {
	const world = worlds({
		mode: anyMode,
		course: anyCourse,
		reply: anyReply,
		limits: narrow,
		timeout: fc.integer({ min: 1, max: 8_000 }),
		rule: anyRule,
	});
	const abortAt = fc.option(fc.nat(3_000), { nil: undefined });
	const added = fc.array(fc.record({ at: fc.nat(3_000), source: anySource }), { maxLength: 2 });
	fc.assert(
		fc.property(world, abortAt, added, fc.boolean(), (world, abortAt, added, wakeFirst) => {
			const race = play(world, { ...(abortAt !== undefined && { abortAt }), added, wakeFirst }); // simulate() checks the laws
			checkGaps(world.plan, race);
			checkWakes(world.plan, race, added.length);
			assert.notEqual(race.result, 'waiting');
			assert.ok(race.at <= world.plan.timeout);
			assert.ok(abortAt === undefined || race.at <= abortAt);
		}),
		{ numRuns },
	);
});

test('H-34 H-38 I-4.3.3-01 where everything ends some time, the race is won if a single candidate is good, in every mode', () => {
	const world = worlds({
		mode: anyMode,
		course: ending,
		reply: ended,
		limits: narrow.map((limits) => ({ ...limits, attempts: 1_000 })),
		timeout: fc.constant(Number.POSITIVE_INFINITY),
		rule: anyRule,
	});
	fc.assert(
		fc.property(world, fc.boolean(), (world, wakeFirst) => {
			const good = candidates(world).some(({ course }) => course.ready !== undefined);
			assert.equal(play(world, { wakeFirst }).result, good ? 'won' : 'exhausted');
		}),
		{ numRuns },
	);
});

test('H-38 H-39 I-4.3.3-01 where much is silent, a good candidate wins in every mode, and however few may be under way', () => {
	const world = worlds({
		mode: anyMode,
		course: anyCourse,
		reply: anyReply,
		limits: narrow.map((limits) => ({ ...limits, attempts: 1_000 })),
		timeout: fc.constant(Number.POSITIVE_INFINITY),
		rule: anyRule,
	});
	fc.assert(
		fc.property(world, fc.boolean(), (world, wakeFirst) => {
			const good = candidates(world).some(({ course }) => course.ready !== undefined);
			assert.equal(play(world, { wakeFirst }).result === 'won', good);
		}),
		{ numRuns },
	);
});

test('H-03 H-39 where much is silent, names and addresses, a good candidate still wins, and in time', () => {
	const world = worlds({
		mode: fc.constantFrom('staggered', 'simultaneous'),
		course: anyCourse,
		reply: anyReply,
		limits: wide,
		timeout: fc.constant(Number.POSITIVE_INFINITY),
	});
	fc.assert(
		fc.property(world, (world) => {
			const race = play(world);
			const all = candidates(world);
			const good = all.filter(({ course }) => course.ready !== undefined);
			assert.equal(race.result === 'won', good.length > 0);
			const { resolutionDelay, attemptDelay, protocolDelay, pathDelay, maximumDelay } = world.plan.timing;
			for (const { path, protocol, known, course } of good) {
				const siblings = all.filter((other) => other.path === path && other.protocol === protocol).length - 1;
				const begin = path * pathDelay + Math.max(protocol * protocolDelay, known + resolutionDelay);
				const latest = begin + siblings * Math.max(attemptDelay, maximumDelay) + course.ready!;
				assert.ok(race.at <= latest, `${race.at} is later than ${latest}`);
			}
		}),
		{ numRuns },
	);
});

const simple: fc.Arbitrary<SimpleRace> = fc.record({
	preferred: fc.constantFrom(4, 6),
	replies: fc.record({
		4: fc.option(fc.record({ after: fc.nat(300), labels: fc.shuffledSubarray(labels[4]) }), { nil: undefined }),
		6: fc.option(fc.record({ after: fc.nat(300), labels: fc.shuffledSubarray(labels[6]) }), { nil: undefined }),
	}),
	courses: fc.record(Object.fromEntries([...labels[6], ...labels[4]].map((label) => [label, anyCourse]))),
	resolutionDelay: fc.nat(100),
	attemptDelay: fc.integer({ min: 10, max: 300 }),
	maximumDelay: fc.integer({ min: 10, max: 500 }),
	concurrent: fc.integer({ min: 1, max: 8 }),
	attempts: fc.integer({ min: 1, max: 8 }),
	patience: fc.integer({ min: 100, max: 1_000 }),
	timeout: fc.integer({ min: 1, max: 2_000 }),
});

test('H-31 H-34 H-37 I-4.3.2-01 I-4.3.2-02 a race is the race that a slow and obvious one is, start by start', () => {
	fc.assert(
		fc.property(simple, (world) => {
			const { preferred, replies, courses, concurrent, attempts, timeout, ...delays } = world;
			const plan = planOf({
				paths: [{ name: 'memory', families: preferred === 6 ? [6, 4] : [4, 6] }],
				protocols: [{ name: 'tls', handshake: true }],
				sources: [named('a.test', { protocols: ['tls'] })],
				timing: delays,
				limits: { concurrent, attempts },
				timeout,
			});
			const { result, at, winner, starts } = simulate(plan, {
				course: ({ endpoint }) => courses[label(endpoint)]!,
				dns({ type }) {
					const reply = replies[type === 'A' ? 4 : 6];
					return (
						reply && { after: reply.after, answer: answer(type, reply.labels.length > 0 ? reply.labels : 'empty') }
					);
				},
			});
			assert.deepEqual({ result, at, winner, starts }, slowRace(world));
		}),
		{ numRuns: numRuns / 4 },
	);
});
