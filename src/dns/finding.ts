import type { AnswerStatus } from '../stack/resolver.ts';
import type { ResourceRecord } from '../wire/dns/record.ts';

/** What is known of one type of one name. */
export interface Finding {
	readonly status: AnswerStatus;
	readonly records: readonly ResourceRecord[];
	/** Where the aliases of the name lead. */
	readonly name: string;
	readonly source: string;
	/** Seconds that all of this may be kept; 0 for not at all. */
	readonly ttl: number;
	/** Octets of the messages it came in. */
	readonly size: number;
}

/** The finding that there are no records. */
export function nothing(status: Exclude<AnswerStatus, 'found'>, name: string, source: string): Finding {
	return { status, records: [], name, source, ttl: 0, size: 0 };
}

/** The same with another life, and with a word on where it was kept. */
export function aged(finding: Finding, ttl: number, kept?: string): Finding {
	const records = finding.records.map((record) => ({ ...record, ttl }));
	return { ...finding, records, ttl, source: kept ? `${finding.source} (${kept})` : finding.source };
}

/** The servers did not say. */
export function isFailure({ status }: Finding): boolean {
	return status === 'failed' || status === 'timed-out';
}
