/** What a race came to, in words: whom it reached, and what is wrong with the others. */

import type { AttemptReport, RaceReport } from '../entry/index.ts';
import { duration, printable, shorten } from './printable.ts';
import { endOf, placeOf, protocolName, unanswered } from './race-lanes.ts';

export interface Verdict {
	readonly headline: string;
	/** Each names something that is wrong. */
	readonly remarks: readonly string[];
}

export function verdict(report: RaceReport): Verdict {
	const winner = report.attempts.find(({ outcome }) => outcome === 'won');
	const time = duration(report.milliseconds);
	const headline = winner
		? `connected to ${shorten(placeOf(winner), 60)}${winner.family === 'unix' ? '' : ` by ${protocolName(winner)}`} in ${time}`
		: `no connection to ${shorten(printable(report.target), 60)} after ${time}`;
	const fallback = 'nothing there spoke TLS, so this is NOT ENCRYPTED, as was allowed';
	return {
		headline,
		remarks: [
			...(report.plaintextFallback ? [fallback] : []),
			...nameRemarks(report, winner),
			...attemptRemarks(report, winner),
		],
	};
}

/** Headline and remarks as one sentence. */
export function sentence({ headline, remarks }: Verdict): string {
	return [headline, ...remarks].join('; ');
}

function nameRemarks({ dns, milliseconds }: RaceReport, winner: AttemptReport | undefined): string[] {
	const names = [...new Set(dns.map(({ name }) => name))];
	return names.flatMap((raw) => {
		const name = `"${shorten(printable(raw), 60)}"`;
		const queries = dns.filter((query) => query.name === raw);
		const found = queries.filter(({ outcome }) => outcome === 'found');
		const first = Math.min(...found.map(({ end }) => end ?? milliseconds));
		const remarks = queries.flatMap(({ type, outcome, server, start, end }) => {
			const waited = (end ?? milliseconds) - start;
			const by = server === null ? 'the DNS server' : printable(server);
			if (outcome === 'timed-out') return [`no DNS server answered for the ${type} record of ${name} (${by})`];
			if (outcome === 'failed') return [`${by} failed on the ${type} record of ${name}`];
			if (outcome !== 'pending' || waited < Math.max(100, found.length > 0 ? 3 * first : 0)) return [];
			return [`the ${type} query for ${name} had no answer for ${duration(waited)}`];
		});
		if (found.length > 0) {
			const slow = winner !== undefined && first >= 200 && first > milliseconds / 2;
			return slow ? [...remarks, `DNS alone took ${duration(first)}`] : remarks;
		}
		if (queries.some(({ outcome }) => outcome === 'not-found'))
			return [...remarks, `there is no name ${name}: is it spelled right?`];
		if (queries.every(({ outcome }) => outcome === 'empty')) return [...remarks, `the name ${name} has no address`];
		return remarks;
	});
}

/** Attempts with the same trouble share one remark; silence is told apart by family. */
function attemptRemarks(report: RaceReport, winner: AttemptReport | undefined): string[] {
	const patience = Math.max(50, winner ? 3 * ((winner.connected ?? endOf(winner, report)) - winner.start) : 0);
	const groups = new Map<string, AttemptReport[]>();
	for (const attempt of report.attempts) {
		const trouble = troubleOf(attempt, endOf(attempt, report) - attempt.start >= patience);
		if (trouble === undefined) continue;
		const apart = trouble === 'silent' || trouble === 'unreachable' || attempt.family === 'unix';
		const key = `${trouble} ${apart ? attempt.family : ''}`;
		groups.set(key, [...(groups.get(key) ?? []), attempt]);
	}
	return [...groups].map(([key, group]) => remark(key.split(' ')[0]!, group, report));
}

function troubleOf(attempt: AttemptReport, long: boolean): string | undefined {
	if (unanswered(attempt)) return long || attempt.code === 'timed-out' ? 'silent' : undefined;
	if (attempt.outcome === 'failed') return attempt.code === 'timed-out' ? 'stalled' : (attempt.code ?? 'unknown');
	return attempt.outcome !== 'won' && long ? 'stalled' : undefined;
}

function remark(trouble: string, group: readonly AttemptReport[], report: RaceReport): string {
	const [first] = group as [AttemptReport];
	const who = list(group.map((attempt) => shorten(placeOf(attempt), 60)));
	const one = group.length === 1;
	const { family } = first;
	const longest = duration(Math.max(...group.map((attempt) => endOf(attempt, report) - attempt.start)));
	const broken = familyIsDead(family, report);
	switch (trouble) {
		case 'silent': {
			const why = broken
				? `${one ? 'its' : 'the'} IPv${family} path looks broken`
				: `a firewall drops the packets, or the host is down`;
			return `${who} ${one ? 'was' : 'were'} silent for ${longest}: ${why}`;
		}
		case 'stalled':
			return `${who} accepted the connection, but the TLS handshake did not end within ${longest}`;
		case 'refused':
			if (family === 'unix') return `nothing listens on ${who}`;
			return `${who} refused: nothing listens on ${samePort(group) ? `port ${first.port}` : 'those ports'} there`;
		case 'unreachable':
			return `${who} cannot be reached: ${broken ? `IPv${family} does not work from here` : 'there is no route'}`;
		case 'reset':
			return `${who} hung up${first.phase === 'handshake' ? ' during the TLS handshake' : ''}`;
		case 'tls-failed':
			return `${who} ${one ? 'does' : 'do'} not speak TLS on that port`;
		case 'tls-alert':
			return `${who} turned the TLS handshake down`;
		case 'certificate-untrusted':
			return `${who} showed a certificate that is not trusted here`;
		case 'certificate-expired':
			return `${who} showed a certificate that is out of date`;
		case 'name-mismatch':
			return `${who} showed a certificate for another name`;
		default:
			return `${who} failed (${trouble})`;
	}
}

/** Nothing of this family gave any sign of life, though something of another did. */
function familyIsDead(family: AttemptReport['family'], { attempts }: RaceReport): boolean {
	const alive = attempts.filter((attempt) => !unanswered(attempt) && attempt.code !== 'unreachable');
	return family !== 'unix' && alive.length > 0 && alive.every((attempt) => attempt.family !== family);
}

function samePort(group: readonly AttemptReport[]): boolean {
	return group.every(({ port }) => port === group[0]!.port);
}

function list(names: readonly string[]): string {
	if (names.length > 3) return `${names.slice(0, 2).join(', ')} and ${names.length - 2} more`;
	return names.length === 1 ? names[0]! : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}
