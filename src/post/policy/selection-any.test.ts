/** What holds of any selection. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { settle } from './cascade.ts';
import type { Candidate } from './eligibility.ts';
import { type AddressFacts, featureNames, type PathFacts } from './features.ts';
import { transports } from './features-harness.ts';
import type { Policy } from './policy.ts';
import { anyPolicy, shuffled } from './policy-harness.ts';
import { type Dropped, select } from './selection.ts';
import type { SettledPolicy } from './settled.ts';
import { type Preference, preferences } from './tokens.ts';

const names = (candidates: readonly Candidate[]) => candidates.map(({ name }) => name);

const anyPath: fc.Arbitrary<PathFacts> = fc.record({
	interface: fc.option(fc.constantFrom('wlan0', 'eth0', 'wwan0'), { nil: undefined }),
	interfaceType: fc.option(fc.constantFrom('wi-fi', 'wired', 'cellular'), { nil: undefined }),
	pvds: fc.option(fc.subarray(['home', 'voice']), { nil: undefined }),
	roundTrip: fc.option(fc.nat(300), { nil: undefined }),
	sendRate: fc.option(fc.nat(1_000), { nil: undefined }),
});
const anyAddress: fc.Arbitrary<AddressFacts> = fc.record({
	family: fc.constantFrom(4, 6),
	temporary: fc.option(fc.boolean(), { nil: undefined }),
});
const anyCandidate = fc.record(
	{
		features: fc.constantFrom(...Object.values(transports)).map(({ features }) => features),
		path: anyPath,
		address: anyAddress,
	},
	{ requiredKeys: [] },
);
const anyCandidates = fc
	.array(anyCandidate, { maxLength: 6 })
	.map((all) => all.map((one, index): Candidate => ({ ...one, name: `${index}` })));

/** Mostly lenient, so that something is left to look at. */
const anyWish: fc.Arbitrary<Policy> = anyPolicy.chain((policy) =>
	fc
		.dictionary(fc.constantFrom('wlan0', 'wifi', 'cellular', 'home'), fc.constantFrom(...preferences), { maxKeys: 2 })
		.map((set) => ({
			...(Object.fromEntries(featureNames.map((name) => [name, policy[name] ?? 'none'])) as Policy),
			multipath: policy.multipath,
			direction: policy.direction,
			connCapacityProfile: policy.connCapacityProfile,
			safelyReplayable: policy.safelyReplayable ?? true,
			interface: set,
			pvd: policy.pvd && set,
			useTemporaryLocalAddress: policy.useTemporaryLocalAddress,
		})),
);

/** The obvious reading of Require and Prohibit, knowing nothing of how selection does it. */
function violates({ features, path, address }: Candidate, { selection, message, action }: SettledPolicy): boolean {
	const broken = (preference: Preference, fact: boolean | undefined) =>
		(preference === 'require' && fact !== true) || (preference === 'prohibit' && fact !== false);
	const inFeatures =
		features &&
		featureNames.some((name) => {
			if (name === 'activeReadBeforeSend' && action === 'rendezvous') return false;
			const support = features[name];
			return typeof support === 'boolean' && broken(selection[name], support);
		});
	const types: Record<string, string> = { wifi: 'wi-fi', 'wi-fi': 'wi-fi', cellular: 'cellular' };
	const onInterface =
		path &&
		Object.entries(selection.interface).some(([name, preference]) => {
			const type = types[name];
			const known = type === undefined ? path.interface : path.interfaceType;
			return broken(preference, known === undefined ? undefined : known === (type ?? name));
		});
	const inDomain =
		path && Object.entries(selection.pvd).some(([name, preference]) => broken(preference, path.pvds?.includes(name)));
	const from = address && broken(selection.useTemporaryLocalAddress, address.family === 4 ? false : address.temporary);
	const twice = features && !features.deliversOnce && !message.safelyReplayable;
	return Boolean(inFeatures || onInterface || inDomain || from || twice);
}

function trySettle(policy: Policy): SettledPolicy | undefined {
	try {
		return settle('initiate', policy);
	} catch {
		return undefined;
	}
}

test('T-6.2-08 A-3.4-02 no candidate violates a requirement or a prohibition, and the same input has the same outcome', () => {
	let kept = 0;
	let dropped = 0;
	const policies = anyWish.chain((policy) => fc.tuple(fc.constant(policy), shuffled(policy)));
	fc.assert(
		fc.property(anyCandidates, policies, (candidates, [policy, reordered]) => {
			const settled = trySettle(policy);
			if (!settled) return;
			const selection = select(candidates, settled);
			for (const candidate of selection.candidates) assert.ok(!violates(candidate, settled));
			assert.deepEqual(select(candidates, trySettle(reordered)!), selection);
			const all = [...selection.candidates, ...selection.dropped.map(({ candidate }) => candidate)];
			assert.deepEqual(names(all).toSorted(), names(candidates), 'none is lost, none is invented');
			assert.ok(selection.dropped.every(({ reasons }: Dropped<Candidate>) => reasons.length > 0));
			kept += selection.candidates.length;
			dropped += selection.dropped.length;
		}),
		{ numRuns: 3_000 },
	);
	assert.ok(kept > 300 && dropped > 300, `${kept} kept, ${dropped} dropped`);
});

test('the order of the input decides between equals only', () => {
	const bothOrders = anyCandidates.chain((all) =>
		fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length })),
	);
	fc.assert(
		fc.property(bothOrders, anyWish, ([all, again], policy) => {
			const settled = trySettle(policy);
			if (!settled) return;
			const first = (...pair: Candidate[]) => select(pair, settled).candidates[0];
			for (const { candidates } of [select(all, settled), select(again, settled)]) {
				for (const [index, one] of candidates.entries()) {
					for (const later of candidates.slice(index + 1)) {
						assert.ok(first(one, later) === one || first(later, one) === one, `${later.name} outranks ${one.name}`);
					}
				}
			}
		}),
		{ numRuns: 500 },
	);
});
