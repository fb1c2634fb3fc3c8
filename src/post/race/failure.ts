/** Why a race was lost, as one error that reads like advice and carries every attempt. */

import { type ErrorCode, type ErrorContext, PostSocketsError } from '../../base/errors.ts';
import { formatSocketAddress } from '../../base/socket-address.ts';
import type { AnswerStatus } from '../../stack/resolver.ts';
import type { RaceMachine } from './machine.ts';
import type { Attempt, RaceLoss, RacePlan } from './plan.ts';
import type { AttemptReport, RaceReport } from './report.ts';

/** An establishment that failed (RFC 9622 §7.1, EstablishmentError): `report` tells each attempt and query. */
export class EstablishmentError extends PostSocketsError {
	readonly report: RaceReport;

	constructor(code: ErrorCode, message: string, report: RaceReport, context: ErrorContext) {
		super(code, message, context);
		this.report = report;
	}
}

Object.defineProperty(EstablishmentError.prototype, 'name', { value: 'EstablishmentError' });

/**
 * Attempts that got as far as the handshake decide, else all. They failed alike: that code. Differently:
 * `all-attempts-failed`. Nothing to attempt: what DNS said. The `cause` is the error of the most preferred candidate.
 */
export function establishmentError(machine: RaceMachine, loss: RaceLoss, report: RaceReport, reason?: unknown) {
	const remote = report.target;
	const fail = (code: ErrorCode, message: string, cause?: unknown) =>
		new EstablishmentError(code, message, report, { operation: 'initiate', remote, cause });

	if (loss === 'aborted') return fail('aborted', `connecting to ${remote} was aborted by the caller`, reason);
	if (loss === 'misruled') return fail(machine.fault!.code, machine.fault!.message, machine.fault!.cause);
	const { attempts, plan } = machine;
	if (attempts.length === 0)
		return fail(...(loss === 'timed-out' ? noAnswer(plan, remote) : noAddress(machine, remote)));
	const failed = attempts.filter(({ error }) => error !== undefined);
	const first = failed[0]?.error;
	if (loss === 'timed-out') return fail('timed-out', notReady(machine, report), first);
	const limit = machine.exhausted ? `; limits.attempts (${plan.limits.attempts}) allowed no more` : '';
	// A peer that answered knows more than one that is not there: attempts that got as far as the handshake decide.
	const furthest = failed.filter(({ connected }) => connected !== undefined);
	const telling = furthest.length > 0 ? furthest : failed;
	const cause = telling[0]!.error!;
	if (telling.every(({ error }) => error!.code === cause.code)) {
		const others = report.attempts.filter((_, index) => !telling.includes(attempts[index]!));
		const rest = others.length > 0 ? `; otherwise: ${listAttempts(others)}` : '';
		return fail(cause.code, sameEverywhere(telling, remote) + rest + limit, cause);
	}
	const what = `none of ${failed.length} attempts to reach ${remote} succeeded: ${listAttempts(report.attempts)}${limit}`;
	return fail('all-attempts-failed', `${what}. The first: ${cause.message}`, cause);
}

function sameEverywhere(failed: readonly Attempt[], remote: string): string {
	const { message } = failed[0]!.error!;
	const [first, ...others] = new Set(failed.map(({ endpoint }) => formatSocketAddress(endpoint.address)));
	if (others.length > 0) return `${message} (${remote}; the same at ${others.join(', ')})`;
	return remote.includes(first!) ? message : `${message} (${remote})`;
}

function notReady({ plan, heldBack }: RaceMachine, { target, attempts, dns }: RaceReport): string {
	const { concurrent } = plan.limits;
	const limit = heldBack ? `; limits.concurrent (${concurrent}) let no more start` : '';
	const what = `nothing at ${target} was ready within ${seconds(plan)}: ${listAttempts(attempts)}${limit}`;
	if (attempts.some(({ outcome, phase }) => outcome !== 'failed' && phase === 'connect')) {
		return `${what}. Silence usually means a firewall or a host that is down; the option \`timeout\` allows more`;
	}
	const owed = dns.filter(({ outcome }) => outcome === 'pending').map(({ name, type }) => `${type} of ${name}`);
	if (owed.length > 0) return `${what}. No DNS server has answered for ${owed.join(', ')}; is the network up?`;
	return `${what}; the option \`timeout\` allows more`;
}

function listAttempts(attempts: readonly AttemptReport[]): string {
	const place = ({ stack, interface: bound }: AttemptReport) => (bound === undefined ? stack : `${bound} of ${stack}`);
	const severalPlaces = new Set(attempts.map(place)).size > 1;
	return attempts
		.map((attempt) => {
			const { address, port, family, code, phase, outcome } = attempt;
			const where = port === null ? address : family === 6 ? `[${address}]:${port}` : `${address}:${port}`;
			const silent = phase === 'handshake' ? 'connected but its handshake did not end' : 'silent';
			return `${where}${severalPlaces ? ` on ${place(attempt)}` : ''} ${outcome === 'failed' ? code : silent}`;
		})
		.join(', ');
}

function noAnswer(plan: RacePlan, remote: string): [ErrorCode, string] {
	return ['dns-timeout', `no DNS server has given an address of ${remote} within ${seconds(plan)}; is the network up?`];
}

/** What a name without addresses means, the worst first: that decides if the questions for it were answered differently. */
const verdicts: readonly [AnswerStatus, ErrorCode, what: (names: string) => string, advice: string][] = [
	['timed-out', 'dns-timeout', (names) => `no DNS server answered for ${names}`, 'is the network up?'],
	['failed', 'dns-failed', (names) => `the DNS servers failed on ${names}`, 'try again, or ask another server'],
	['not-found', 'dns-not-found', (names) => `there is no name ${names}`, 'is it spelled right?'],
	['empty', 'dns-not-found', (names) => `${names} exists but has no address`, 'is that the name of a host?'],
];

function noAddress({ endpoints, plan }: RaceMachine, remote: string): [ErrorCode, string] {
	const answers = endpoints.flatMap((set) =>
		set.answers.flatMap(({ name, answers }) => answers.map((answer) => ({ name: `"${name}"`, ...answer }))),
	);
	const verdict = verdicts.find(([status]) => answers.some((answer) => answer.status === status));
	if (verdict === undefined) {
		const has = (families: readonly number[]) => families.map((family) => `IPv${family}`).join(' and ') || 'no IP';
		const paths = plan.paths
			.map(({ name, interface: bound, families }) => `${bound ?? name} has ${has(families)}`)
			.join(', ');
		return ['no-candidates', `no address of ${remote} can be used from here: ${paths}`];
	}
	const [status, code, what, advice] = verdict;
	const names = list(answers.map(({ name }) => name));
	const sources = list(answers.map(({ source }) => source));
	if (answers.every((answer) => answer.status === status)) return [code, `${what(names)} (${sources}); ${advice}`];
	const said = list(answers.map(({ name, type, status }) => `${type} of ${name} ${status}`));
	return [code, `no address of ${names} was found (${sources}: ${said}); ${advice}`];
}

function seconds({ timeout }: RacePlan): string {
	return `${timeout / 1000} s`;
}

function list(words: readonly string[]): string {
	return [...new Set(words)].join(', ');
}
