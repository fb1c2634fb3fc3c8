/** For tests: addresses with short names, and a race machine driven on a scripted clock, without sockets. */

import assert from 'node:assert/strict';
import { IpAddress } from '../../base/address.ts';
import { type ErrorCode, PostSocketsError } from '../../base/errors.ts';
import type { Answer, AnswerStatus, RecordType } from '../../stack/resolver.ts';
import type { Endpoint, EndpointSource, Query } from './endpoints.ts';
import { RaceMachine } from './machine.ts';
import type { Attempt, RaceLoss, RacePath, RacePlan, RaceProtocol, RaceSink, Rule } from './plan.ts';
import { type RaceLimits, type RaceTiming, type RacingMode, raceLimits, raceTiming } from './timing.ts';

/** `6a` is 2001:db8::a, `4a` is 192.0.2.10, and so on to `f`. */
export function ip(label: string): IpAddress {
	const letter = Number.parseInt(label.slice(1), 16);
	return IpAddress.parse(label.startsWith('6') ? `2001:db8::${letter.toString(16)}` : `192.0.2.${letter}`);
}

/** The reverse; a Unix socket is its path. */
export function label({ address }: Endpoint): string {
	if ('path' in address) return address.path;
	return `${address.address.family}${address.address.bytes.at(-1)!.toString(16)}`;
}

export function answer(type: RecordType, what: readonly string[] | AnswerStatus): Answer {
	const labels = typeof what === 'string' ? [] : what;
	const status = typeof what === 'string' ? what : 'found';
	return { type, status, records: labels.map((label) => ({ address: ip(label), ttl: 60 })), source: 'test' };
}

export function named(name: string, more: Partial<EndpointSource> = {}): EndpointSource {
	return { name, port: 443, protocols: ['tcp'], ...more };
}

export function literal(labels: readonly string[], more: Partial<EndpointSource> = {}): EndpointSource {
	return named('', { addresses: labels.map(ip), ...more });
}

/** What becomes of an attempt, in ms after its start; nothing at all when it is silent. */
export interface Course {
	readonly connected?: number;
	readonly ready?: number;
	readonly failed?: number;
	readonly code?: ErrorCode;
}

export const silent: Course = {};
export const ok = (rtt = 20): Course => ({ ready: rtt });
export const refused = (rtt = 20): Course => ({ failed: rtt, code: 'refused' });
export const unreachable = (rtt = 20): Course => ({ failed: rtt, code: 'unreachable' });
export const noRoute: Course = unreachable(0);
/** The first SYN is lost, the second goes out after the initial time-out of RFC 6298 §2. */
export const firstLost = (rtt = 20): Course => ok(1_000 + rtt);
export const secure = (rtt = 20, handshake = rtt): Course => ({ connected: rtt, ready: rtt + handshake });
/** Connects, and then the handshake gets no answer. */
export const half = (rtt = 20): Course => ({ connected: rtt });
/** Connects, and then the handshake fails. */
export const badHandshake = (code: ErrorCode, rtt = 20): Course => ({ connected: rtt, failed: 2 * rtt, code });

export const tcp: RaceProtocol = { name: 'tcp', handshake: false };
export const tls: RaceProtocol = { name: 'tls', handshake: true };

export function planOf(asked: {
	readonly paths?: readonly RacePath[];
	readonly protocols?: readonly RaceProtocol[];
	readonly sources: readonly EndpointSource[];
	readonly mode?: RacingMode;
	readonly rule?: Rule;
	readonly timing?: Partial<RaceTiming>;
	readonly limits?: Partial<RaceLimits>;
	readonly timeout?: number;
}): RacePlan {
	return {
		paths: asked.paths ?? [{ name: 'memory', families: [6, 4] }],
		protocols: asked.protocols ?? [tcp],
		sources: asked.sources,
		mode: asked.mode ?? 'staggered',
		rule: asked.rule,
		timing: raceTiming(asked.timing),
		limits: raceLimits(asked.limits),
		timeout: asked.timeout ?? 30_000,
	};
}

export type Effect =
	| { readonly type: 'query'; readonly path: number; readonly query: Query }
	| { readonly type: 'start' | 'cancel' | 'won'; readonly attempt: Attempt }
	| { readonly type: 'lost'; readonly loss: RaceLoss };

/** Writes down what the machine wants. */
export class Recorder implements RaceSink {
	readonly effects: Effect[] = [];
	query(path: number, query: Query): void {
		this.effects.push({ type: 'query', path, query });
	}
	start(attempt: Attempt): void {
		this.effects.push({ type: 'start', attempt });
	}
	cancel(attempt: Attempt): void {
		this.effects.push({ type: 'cancel', attempt });
	}
	won(attempt: Attempt): void {
		this.effects.push({ type: 'won', attempt });
	}
	lost(loss: RaceLoss): void {
		this.effects.push({ type: 'lost', loss });
	}
}

export interface Script {
	/** Default: silent. */
	readonly course?: (attempt: Attempt) => Course;
	/** What comes of a question, `after` ms; undefined for nothing. */
	readonly dns?: (query: Query, path: number) => { readonly after: number; readonly answer: Answer } | undefined;
	readonly abortAt?: number;
	/** Sources that come later. */
	readonly added?: readonly { readonly at: number; readonly source: EndpointSource }[];
	/** Of an event and a deadline at the same moment, the deadline first. */
	readonly wakeFirst?: boolean;
}

/** Answers after so many ms, for names that are asked for `AAAA` and `A`; what is left out never comes. */
export function dns(
	script: Readonly<Record<string, readonly [after: number, what: readonly string[] | AnswerStatus]>>,
): Script['dns'] {
	return ({ type }) => script[type] && { after: script[type][0], answer: answer(type, script[type][1]) };
}

export interface Moment {
	readonly at: number;
	readonly what:
		| Effect
		| { readonly type: 'connected' | 'failed' | 'ready'; readonly attempt: Attempt }
		| { readonly type: 'wake' };
}

export interface Race {
	/** `waiting`: neither won nor lost, and nothing is left that could happen. */
	readonly result: 'won' | RaceLoss | 'waiting';
	readonly at: number;
	/** The label of the address that won. */
	readonly winner: string | undefined;
	readonly attempts: readonly Attempt[];
	readonly log: readonly Moment[];
	/** Like `250 4a`; with more paths or protocols `250 4a wlan/tls`. */
	readonly starts: readonly string[];
	/** Like `0 AAAA a.test`; with more paths `0 AAAA a.test wlan`. */
	readonly queries: readonly string[];
}

interface Due {
	readonly at: number;
	happen(): void;
}

/** Runs a race to its end on a clock that starts at 0, and checks what must hold in every race. */
export function simulate(
	plan: RacePlan,
	{ course = () => silent, dns, abortAt, added = [], wakeFirst = false }: Script = {},
): Race {
	const machine = new RaceMachine(plan);
	const log: Moment[] = [];
	const queue: Due[] = [];
	let now = 0;
	let result: Race['result'] = 'waiting';

	const later = (after: number | undefined, happen: () => void) => {
		if (after === undefined) return;
		const at = now + after;
		const place = queue.findIndex((due) => due.at > at);
		queue.splice(place < 0 ? queue.length : place, 0, { at, happen });
	};
	const write = (what: Moment['what']) => log.push({ at: now, what });
	const sink: RaceSink = {
		query(path, query) {
			write({ type: 'query', path, query });
			const reply = dns?.(query, path);
			later(reply?.after, () =>
				machine.step({ type: 'answer', path, source: query.source, answer: reply!.answer }, now, sink),
			);
		},
		start(attempt) {
			write({ type: 'start', attempt });
			const { connected, ready, failed, code = 'refused' } = course(attempt);
			const ends = (type: 'connected' | 'ready' | 'failed') => () => {
				if (attempt.outcome !== 'running') return; // as the runner does: who was cancelled is not listened to
				write({ type, attempt });
				const error = new PostSocketsError(code, `connect: ${code}`);
				machine.step(type === 'failed' ? { type, attempt, error } : { type, attempt }, now, sink);
			};
			later(connected, ends('connected'));
			later(ready, ends('ready'));
			later(failed, ends('failed'));
		},
		cancel: (attempt) => write({ type: 'cancel', attempt }),
		won(attempt) {
			write({ type: 'won', attempt });
			result = 'won';
		},
		lost(loss) {
			write({ type: 'lost', loss });
			result = loss;
		},
	};

	later(abortAt, () => machine.step({ type: 'abort' }, now, sink));
	for (const { at, source } of added) later(at, () => machine.step({ type: 'added', source }, now, sink));
	machine.step({ type: 'begin' }, now, sink);
	while (result === 'waiting') {
		const { deadline } = machine;
		assert.ok(!Number.isNaN(deadline), 'the deadline is no time');
		const [next] = queue;
		if (next === undefined && deadline === Number.POSITIVE_INFINITY) break;
		if (next !== undefined && (next.at < deadline || (next.at === deadline && !wakeFirst))) {
			queue.shift();
			now = Math.max(now, next.at);
			next.happen();
		} else {
			now = Math.max(now, deadline);
			write({ type: 'wake' });
			machine.step({ type: 'wake' }, now, sink);
			assert.ok(machine.deadline > now, `woken at ${now}, the machine asks for ${machine.deadline} again`);
		}
	}
	checkLaws(plan, machine.attempts, log, result);
	const winner = machine.attempts.find(({ outcome }) => outcome === 'won');
	return {
		result,
		at: now,
		winner: winner && label(winner.endpoint),
		attempts: machine.attempts,
		log,
		starts: log.flatMap(({ at, what }) => (what.type === 'start' ? [`${at} ${describe(plan, what.attempt)}`] : [])),
		queries: log.flatMap(({ at, what }) => {
			if (what.type !== 'query') return [];
			const path = plan.paths.length > 1 ? ` ${plan.paths[what.path]!.name}` : '';
			return [`${at} ${what.query.type} ${what.query.name}${path}`];
		}),
	};
}

/** The race between addresses that are known, in this order, each with its course. */
export function raceOf(
	courses: Readonly<Record<string, Course>>,
	more: Partial<Parameters<typeof planOf>[0]> = {},
): Race {
	const plan = planOf({ sources: [literal(Object.keys(courses))], ...more });
	return simulate(plan, { course: ({ endpoint }) => courses[label(endpoint)] ?? silent });
}

/** The last moments of a race, like `270 ready 4a`. */
export function tail({ log }: Race, count: number): string[] {
	return log.slice(-count).map(({ at, what }) => {
		const attempt = 'attempt' in what ? ` ${label(what.attempt.endpoint)}` : '';
		return `${at} ${what.type}${attempt}`;
	});
}

function describe({ paths, protocols }: RacePlan, { endpoint, path, protocol }: Attempt): string {
	const where = [
		...(paths.length > 1 ? [paths[path]!.name] : []),
		...(protocols.length > 1 ? [protocols[protocol]!.name] : []),
	];
	return [label(endpoint), ...(where.length > 0 ? [where.join('/')] : [])].join(' ');
}

/** What holds in every race, whatever happens in it. */
function checkLaws(plan: RacePlan, attempts: readonly Attempt[], log: readonly Moment[], result: Race['result']): void {
	const running = new Map<Attempt, number>();
	let decision: number | undefined;
	const keys = new Set<string>();
	log.forEach(({ at, what }, index) => {
		if (what.type === 'start') {
			running.set(what.attempt, at);
			assert.equal(decision, undefined, 'a start after the decision');
			assert.ok(at < plan.timeout, 'a start when the time was over');
			const counted = [...running.values()].filter((sign) => at < sign + plan.timing.patience);
			assert.ok(counted.length <= plan.limits.concurrent, 'more attempts at once than limits.concurrent');
			const { path, protocol, endpoint } = what.attempt;
			const key = `${path} ${protocol} ${endpoint.key}`;
			assert.ok(!keys.has(key), `${key} is tried twice`);
			keys.add(key);
		} else if (what.type === 'connected') {
			running.set(what.attempt, at);
		} else if (what.type === 'failed' || what.type === 'ready') {
			running.delete(what.attempt);
		} else if (what.type === 'cancel') {
			running.delete(what.attempt);
			const rest = log.slice(index);
			assert.ok(
				rest.every(({ at: later, what: { type } }) => later === at && ['cancel', 'won', 'lost'].includes(type)),
				'cancelled before the decision',
			);
		} else if (what.type === 'won' || what.type === 'lost') {
			assert.equal(decision, undefined, 'decided twice');
			decision = at;
			assert.equal(index, log.length - 1, 'something happened after the decision');
		}
	});
	const decided = result !== 'waiting';
	assert.ok(
		!decided || running.size === 0,
		'an attempt was neither won, failed nor cancelled when the race was decided',
	);
	for (const { outcome, start, end } of attempts) {
		assert.equal(outcome === 'running', end === undefined);
		assert.ok(outcome !== 'running' || !decided);
		assert.ok(end === undefined || end >= start);
	}
	const winners = attempts.filter(({ outcome }) => outcome === 'won').length;
	assert.equal(winners, result === 'won' ? 1 : 0);
	assert.ok(attempts.length <= plan.limits.attempts);
}
