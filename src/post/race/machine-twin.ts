/** For tests: the race once more, slow and obvious, as what the machine is compared with. */

import type { Course, Race } from './machine-harness.ts';

/** What a question comes to: addresses or none, after so many ms, or nothing ever. */
export type Reply = { readonly after: number; readonly labels: readonly string[] } | undefined;

/** One name over one path, by one protocol with a handshake. */
export interface SimpleRace {
	readonly preferred: 4 | 6;
	readonly replies: Readonly<Record<4 | 6, Reply>>;
	readonly courses: Readonly<Record<string, Course>>;
	readonly resolutionDelay: number;
	readonly attemptDelay: number;
	readonly maximumDelay: number;
	readonly concurrent: number;
	readonly patience: number;
	readonly attempts: number;
	readonly timeout: number;
}

export type Result = Pick<Race, 'result' | 'at' | 'winner' | 'starts'>;

/** Looks at the race in every millisecond, and remembers nothing but what happened. */
export function slowRace(world: SimpleRace): Result {
	const { preferred, replies, courses, resolutionDelay, attemptDelay, maximumDelay, concurrent, timeout, patience } =
		world;
	const order = [preferred, preferred === 6 ? 4 : 6] as const;
	const tried: { label: string; start: number; course: Course; failedAt?: number }[] = [];
	const starts: string[] = [];
	let failureSinceStart = false;

	const result = (result: Race['result'], at: number, winner?: string): Result => ({ result, at, winner, starts });
	const answered = (family: 4 | 6, t: number) => replies[family] !== undefined && replies[family].after <= t;
	const running = () => tried.filter(({ failedAt }) => failedAt === undefined);
	const connectedAt = ({ start, course }: (typeof tried)[number]) =>
		start + (course.connected ?? Number.POSITIVE_INFINITY);

	const next = (t: number): string | undefined => {
		const known = order.filter((family) => answered(family, t) && replies[family]!.labels.length > 0);
		const firstKnown = Math.min(...known.map((family) => replies[family]!.after));
		if (known.length === 0 || !(answered(preferred, t) || t >= firstKnown + resolutionDelay)) return undefined;
		const fresh = known
			.flatMap((family) => replies[family]!.labels)
			.filter((label) => tried.every((old) => old.label !== label));
		const lastFamily = tried.at(-1)?.label[0] ?? String(order[1]);
		return fresh.find((label) => label[0] !== lastFamily) ?? fresh[0];
	};
	/** A handshake counts for the delay once its connection stands, if that was before the next start was due. */
	const due = (t: number): number => {
		const last = tried.at(-1);
		if (last === undefined || failureSinceStart) return 0;
		const planned = last.start + attemptDelay;
		const estimates = running()
			.filter((attempt) => connectedAt(attempt) <= t && connectedAt(attempt) < planned)
			.map(({ start, course }) => start + Math.min(3 * course.connected!, maximumDelay));
		return Math.max(planned, ...estimates);
	};
	const startWhatIsDue = (t: number) => {
		for (;;) {
			const label = next(t);
			if (t >= timeout || label === undefined || t < due(t)) return;
			const counted = running().filter((attempt) => {
				const connected = connectedAt(attempt) <= t ? connectedAt(attempt) : attempt.start;
				return t < connected + patience;
			});
			if (counted.length >= concurrent || tried.length >= world.attempts) return;
			tried.push({ label, start: t, course: courses[label]! });
			starts.push(`${t} ${label}`);
			failureSinceStart = false;
		}
	};

	for (let t = 0; t <= timeout; t += 1) {
		for (const family of order) if (replies[family]?.after === t) startWhatIsDue(t);
		for (let index = 0, woken = false; index < tried.length || !woken; index += 1) {
			if (index === tried.length) {
				woken = true;
				startWhatIsDue(t);
				index = -1;
				continue;
			}
			const attempt = tried[index]!;
			const { label, start, course, failedAt } = attempt;
			if (failedAt !== undefined) continue;
			if (course.ready !== undefined && start + course.ready === t) return result('won', t, label);
			if (course.failed === undefined || start + course.failed !== t) continue;
			attempt.failedAt = t;
			failureSinceStart = true;
			startWhatIsDue(t);
		}
		const complete =
			answered(4, t) &&
			answered(6, t) &&
			tried.length === new Set(order.flatMap((family) => replies[family]!.labels)).size;
		if (running().length === 0 && (complete || tried.length >= world.attempts)) return result('exhausted', t);
	}
	return result('timed-out', timeout);
}
