/** Runs a scenario with many seeds, and of one that fails tells how to see it again, with as few faults as it needs. */

import { type Network, type NetworkOptions, network } from './network.ts';

/** May also throw by the network's `close`. */
export type Scenario = (network: Network, faults: Injector) => Promise<void>;

/**
 * Does it, with that probability; says whether it did. The chance of each is its own, by its place in the order, so
 * that leaving one out changes no other. Default 1.
 */
export type Injector = (label: string, inject: () => void, probability?: number) => boolean;

export interface ExploreOptions extends Omit<NetworkOptions, 'seed'> {
	/** Gets what is found, line by line. Default: nobody. */
	readonly print?: ((line: string) => void) | undefined;
	/** Lines of the trace that are kept of a failure. Default 40. */
	readonly lines?: number | undefined;
	/** Runs to find fewer faults. Default 100. */
	readonly shrinks?: number | undefined;
}

export interface Failing {
	readonly seed: number;
	readonly error: unknown;
	/** The faults that it takes, in order: the fewest that were found. */
	readonly faults: readonly string[];
	readonly hash: string;
	/** The end of the trace. */
	readonly trace: readonly string[];
	/** It failed again with the same trace. If not, the scenario depends on something else than the network. */
	readonly repeatable: boolean;
	/** Runs it once more, with these faults alone. Rejects as it did. */
	replay(scenario?: Scenario): Promise<void>;
}

interface Run {
	readonly seed: number;
	/** By place in the order: those that are left out. */
	readonly without: ReadonlySet<number>;
}

interface Outcome {
	readonly failure: { readonly error: unknown } | undefined;
	readonly hash: string;
	readonly trace: readonly string[];
	/** Those that happened: places and labels. */
	readonly faults: ReadonlyMap<number, string>;
}

/** The first seed that fails; undefined when all pass. `seeds` is a list, or how many from 1 on. */
export async function explore(
	seeds: Iterable<number> | number,
	scenario: Scenario,
	options: ExploreOptions = {},
): Promise<Failing | undefined> {
	const list = typeof seeds === 'number' ? Array.from({ length: seeds }, (_, index) => index + 1) : seeds;
	for (const seed of list) {
		const first = await run({ seed, without: new Set() }, scenario, options);
		if (first.failure) return examine(seed, first, scenario, options);
	}
	return undefined;
}

async function examine(seed: number, first: Outcome, scenario: Scenario, options: ExploreOptions): Promise<Failing> {
	const { print = () => {} } = options;
	const again = await run({ seed, without: new Set() }, scenario, options);
	const repeatable = again.failure !== undefined && again.hash === first.hash;
	const { without, outcome } = repeatable
		? await shrink(seed, again, scenario, options)
		: { without: new Set<number>(), outcome: first };
	const faults = [...outcome.faults.values()];
	const error = outcome.failure!.error;
	print(`seed ${seed} fails: ${error instanceof Error ? error.message : String(error)}`);
	if (!repeatable) print('the second run was another one: something in the scenario does not follow the network');
	print(faults.length > 0 ? `with these faults: ${faults.join(', ')}` : 'without any fault');
	for (const line of outcome.trace) print(line);
	return {
		...{ seed, error, faults, repeatable, hash: outcome.hash, trace: outcome.trace },
		async replay(other = scenario) {
			const { failure } = await run({ seed, without }, other, options);
			if (failure) throw failure.error;
		},
	};
}

/** Leaves out one fault after the other, as long as it still fails. */
async function shrink(
	seed: number,
	failing: Outcome,
	scenario: Scenario,
	options: ExploreOptions,
): Promise<{ readonly without: ReadonlySet<number>; readonly outcome: Outcome }> {
	let without = new Set<number>();
	let outcome = failing;
	let left = options.shrinks ?? 100;
	for (const place of [...failing.faults.keys()].reverse()) {
		if ((left -= 1) < 0) break;
		const fewer = new Set([...without, place]);
		const tried = await run({ seed, without: fewer }, scenario, options);
		if (tried.failure) [without, outcome] = [fewer, tried];
	}
	return { without, outcome };
}

async function run({ seed, without }: Run, scenario: Scenario, options: ExploreOptions): Promise<Outcome> {
	const { print: _, lines = 40, shrinks: __, trace: listener, ...rest } = options;
	const trace: string[] = [];
	const own = network({
		...rest,
		seed,
		trace: (line) => {
			listener?.(line);
			trace.push(line);
			if (trace.length > 2 * lines) trace.splice(0, lines);
		},
	});
	const faults = new Map<number, string>();
	let failure: Outcome['failure'];
	await play(scenario, own, { without, faults }).catch((error: unknown) => {
		failure = { error };
	});
	const { hash } = own.trace;
	return { failure, hash, trace: trace.slice(-lines), faults };
}

/** Runs a scenario once and closes its network. Rejects as either does, the scenario first. */
export async function play(
	scenario: Scenario,
	own: Network,
	{ without = new Set<number>(), faults = new Map<number, string>() }: Selection = {},
): Promise<void> {
	let place = 0;
	const inject: Injector = (label, act, probability = 1) => {
		const at = place;
		place += 1;
		const happens = own.chance(`fault ${at}`).uint32() < probability * 2 ** 32;
		if (!happens || without.has(at)) return false;
		faults.set(at, label);
		act();
		return true;
	};
	try {
		await scenario(own, inject);
	} catch (error) {
		await own.close().catch(() => {});
		throw error;
	}
	await own.close();
}

/** By place in the order. */
interface Selection {
	readonly without?: ReadonlySet<number>;
	/** Gets those that happen. */
	readonly faults?: Map<number, string>;
}
