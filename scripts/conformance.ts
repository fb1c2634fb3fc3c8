/**
 * Runs the tests and says, of every row of the checklists, whether one of them proves it.
 * Usage: npm run conformance [-- --json] [-- FILE…]. Exits with 1 when a row fails, an id has no row, or a file broke.
 */

import { globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { run } from 'node:test';
import { parseArgs } from 'node:util';
import { judge } from './conformance-judge.ts';
import { reasons } from './conformance-reasons.ts';
import { asJson, asText, problems } from './conformance-report.ts';
import { type RunnerEvent, Trial } from './conformance-trial.ts';

/** How long one file may take, in milliseconds: what hangs should fail here, not in the hands of who waits. */
const patience = 10 * 60_000;

const root = join(import.meta.dirname, '..');
const { values, positionals } = parseArgs({ options: { json: { type: 'boolean' } }, allowPositionals: true });
const files = (positionals.length > 0 ? positionals : globSync(patterns(), { cwd: root }).sort()).map((file) =>
	resolve(root, file),
);
const titles: Record<string, string> = JSON.parse(readFileSync(join(root, 'test/checklist/rows.json'), 'utf8'));

const trial = new Trial();
const events: AsyncIterable<RunnerEvent> = run({
	files,
	concurrency: true,
	timeout: patience,
	execArgv: ['--import', new URL('conformance-preload.ts', import.meta.url).href],
});
for await (const event of events) {
	trial.hear(event);
	progress(event);
}
progress();

const judgement = judge(Object.keys(titles), trial);
const wrong = problems(judgement, trial.broken);
const why = reasons(readFileSync(join(root, 'docs/conformance.md'), 'utf8'));
process.stdout.write(values.json ? asJson(judgement) : asText(judgement, titles, why));
for (const line of wrong) process.stderr.write(line + '\n');
const failed = judgement.verdicts.some(({ state }) => state === 'fail');
process.exitCode = failed || judgement.unknown.length > 0 || trial.broken.size > 0 ? 1 : 0;

/** The files of `npm test` and `npm run test:peers`, as package.json has them. */
function patterns(): string[] {
	const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
	return [...`${scripts.test} ${scripts['test:peers']}`.matchAll(/'([^']+)'/g)].map(([, pattern]) => pattern!);
}

/** On a terminal, the file whose tests are being heard of; without an event, nothing any more. */
function progress(event?: RunnerEvent): void {
	if (!process.stderr.isTTY || (event && event.type !== 'test:start')) return;
	const { file = '' } = event?.data ?? {};
	process.stderr.write(`\r\x1b[K${event ? `${trial.tried.length} tests  ${file.slice(root.length + 1)}` : ''}`);
}
