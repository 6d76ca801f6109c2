import { parseArguments, type Command } from '../../../cli/parse-arguments';
import { defineVerb, type Verb } from '../../../cli/verb';
import { BackupError } from '../../../operations/index';

const ran = () => Promise.resolve({ document: null, text: '' });
const texts = { summary: '', details: [], examples: [], operands: '' };
const verbs: readonly Verb[] = [
	defineVerb({
		...texts,
		name: 'put thing',
		flags: [
			{ name: 'to', value: 'PLACE', help: '' },
			{ name: 'tag', value: 'TEXT', repeatable: true, help: '' },
			{ name: 'no-fuss', help: '' },
		],
		required: ['to'],
		run: ran,
	}),
	defineVerb({ ...texts, name: 'put all', flags: [], required: [], run: ran }),
	defineVerb({
		...texts,
		name: 'look',
		flags: [{ name: 'to', value: 'PLACE', help: '' }],
		required: [],
		run: ran,
	}),
];

const parse = (line: string) => parseArguments(line === '' ? [] : line.split(' '), verbs);

function parsed(line: string): Extract<Command, { type: 'run' }> {
	const command = parse(line);
	if (command.type !== 'run') throw new Error(`parsed as ${command.type}`);
	return command;
}

test.each([
	[
		'put thing --to x',
		'put thing',
		[],
		{ to: 'x', tag: [], 'no-fuss': false, json: false, quiet: false, help: false },
	],
	['put thing a --to=x b', 'put thing', ['a', 'b'], { to: 'x' }],
	['put thing --to x --tag 1 --tag=2 --no-fuss', 'put thing', [], { tag: ['1', '2'], 'no-fuss': true }],
	['put thing --to=-x', 'put thing', [], { to: '-x' }],
	['put thing --to -', 'put thing', [], { to: '-' }],
	['put thing --to=a=b', 'put thing', [], { to: 'a=b' }],
	['put thing --to x -- --tag -h', 'put thing', ['--tag', '-h'], { tag: [], help: false }],
	['put all', 'put all', [], { json: false }],
	['look', 'look', [], { to: undefined }],
	['look put thing', 'look', ['put', 'thing'], {}],
	['look --json --quiet', 'look', [], { json: true, quiet: true }],
])('%s', (line, name, operands, flags) => {
	const command = parsed(line);
	expect(command.verb.name).toBe(name);
	expect(command.operands).toEqual(operands);
	expect(command.flags).toMatchObject(flags);
	expect([command.json, command.quiet]).toEqual([command.flags['json'], command.flags['quiet']]);
});

test.each([
	['', null],
	['--help', null],
	['-h', null],
	['help', null],
	['put --help', null],
	['put -h', null],
	['help put thing', 'put thing'],
	['put thing --help', 'put thing'],
	['put thing -h', 'put thing'],
	['look a b --help', 'look'],
])('help: %s', (line, name) => {
	const command = parse(line);
	expect(command.type === 'help' ? (command.verb?.name ?? null) : command.type).toBe(name);
});

test('the version', () => {
	expect(parse('--version')).toEqual({ type: 'version' });
});

test.each([
	['nonsense', 'there is no command "nonsense"'],
	['--to x look', 'there is no command "--to"'],
	['put', 'put needs thing or all'],
	['put --to x', 'put needs thing or all'],
	['put away', 'put needs thing or all, not "away"'],
	['put thing', 'put thing needs --to'],
	['put thing --to', '--to needs a value (PLACE)'],
	['put thing --to --tag', '--to needs a value (PLACE)'],
	['put thing --to -x', '--to needs a value (PLACE)'],
	['put thing --to=', 'the value of --to is empty'],
	['put thing --to x --to y', '--to is given twice'],
	['put thing --to x --no-fuss --no-fuss', '--no-fuss is given twice'],
	['put thing --to x --no-fuss=yes', '--no-fuss takes no value'],
	['put thing --to x --fuss', 'there is no flag --fuss here'],
	['put thing --to x --tagg 1', 'there is no flag --tagg here'],
	['put thing --to x -t', 'there is no flag -t here'],
	['look --tag 1', 'there is no flag --tag here'],
	['look --constructor', 'there is no flag --constructor here'],
	['help nonsense', 'there is no command "nonsense"'],
])('mistake: %s', (line, message) => {
	let thrown: unknown;
	try {
		parse(line);
	} catch (error) {
		thrown = error;
	}
	expect(thrown).toBeInstanceOf(BackupError);
	expect(thrown).toMatchObject({ code: 'usage', exitCode: 2, message });
});
