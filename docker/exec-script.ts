/**
 * What `sh` runs in containers of others: fixed texts, so nothing of a user's is ever parsed by a shell; commands come
 * behind them as arguments. They keep to what dash, busybox and bash have in common, and need nothing but `sleep`.
 *
 * An exec outlives its client, and of a program that reads its input the end of that input says nothing. So two
 * execs: the program, which first tells its process id and waits for `go`; and its guard, which is told that id, says
 * `watching`, and ends the program when its own input ends without `done`: because we want it, or because we are gone.
 */

/** `sh -c <this> sh <program> <arguments…>`: a line on stderr, a line of stdin, and then nothing of the shell is left. */
export function programScript(input: boolean): string {
	return (
		`echo "${idLine}$$" >&2; ` +
		'read -r docker_backup_exec && [ "$docker_backup_exec" = go ] || exit 125; ' +
		'unset docker_backup_exec; ' +
		`exec "$@"${input ? '' : ' </dev/null'}`
	);
}

const idLine = 'docker-backup-exec ';

/** The program's process id in its container; undefined for any other line (shells may warn first). */
export function parseId(line: string): string | undefined {
	return new RegExp(`^${idLine}(\\d+)$`).exec(line)?.[1];
}

/** Seconds between SIGTERM and SIGKILL. */
export const graceSeconds = 5;

/**
 * Signals go to the program's group, which the runtime has made for it, or to itself alone should it not be the leader
 * of one. Nothing is sent when the id has gone to another process: then the time of its start is another.
 */
export const guardScript = `
look() {
	line=
	{ read -r line <"/proc/$pid/stat"; } 2>/dev/null
	set -- \${line##*) }
	group=\${3:-} started=\${20:-}
}
read -r pid || exit 0
look
first=$started
target=$pid
[ "$group" != "$pid" ] || target=-$pid
echo watching
while read -r said; do
	[ "$said" != done ] || exit 0
done
look
[ "$started" = "$first" ] || exit 0
kill -TERM "$target" || exit 0
left=${graceSeconds}
while [ $left -gt 0 ]; do
	sleep 1
	kill -0 "$target" || exit 0
	left=$((left - 1))
done
kill -KILL "$target"
`;
