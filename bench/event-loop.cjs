// Loaded into n8n with --require. At every SIGUSR2: a JSON line with the event loop's delay and the peak of
// the memory since the last one, into the file that BENCH_EVENT_LOOP names.
const { appendFileSync } = require('node:fs');
const { monitorEventLoopDelay } = require('node:perf_hooks');
const { setFlagsFromString } = require('node:v8');
const { runInNewContext } = require('node:vm');

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc');

const file = process.env.BENCH_EVENT_LOOP;
if (file && process.argv.includes('start')) {
	const histogram = monitorEventLoopDelay({ resolution: 1 });
	let rss = 0;
	histogram.enable();
	setInterval(() => (rss = Math.max(rss, process.memoryUsage.rss())), 100).unref();
	process.on('SIGUSR2', () => {
		const figures = { p99Ms: histogram.percentile(99) / 1e6, maxMs: histogram.max / 1e6, rss };
		appendFileSync(file, `${JSON.stringify(figures)}\n`);
		// Every window begins without the garbage of the one before it.
		collectGarbage();
		histogram.reset();
		rss = 0;
	});
}
