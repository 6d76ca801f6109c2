import { quiesceFlags, quiesceOf, type QuiesceValues } from '../../../../cli/flags/quiesce';
import { noQuiesce } from '../../../../operations';
import type { Flag } from '../../../../cli/verb';

const nothing = Object.fromEntries(
	quiesceFlags.map((flag: Flag) => [flag.name, flag.repeatable ? [] : flag.value ? undefined : false]),
) as unknown as QuiesceValues;
const request = (changes: object) => quiesceOf({ ...nothing, ...changes });
const command = { container: 'db', command: ['true'], limitMs: 300_000, onFailure: 'fail' };

test.each([
	[{}, noQuiesce],
	[{ quiesce: 'pause' }, { mode: 'pause', which: 'using', guard: true }],
	[
		{ quiesce: 'stop', 'quiesce-container': ['a', 'b'] },
		{ mode: 'stop', which: 'named', containers: ['a', 'b'] },
	],
	[
		{ quiesce: 'stop', 'quiesce-label': ['x=y'] },
		{ which: 'labelled', labels: ['x=y'] },
	],
	[{ 'quiesce-except': ['a'] }, { except: ['a'] }],
	[{ 'no-guard': true }, { guard: false }],
	[{ 'max-downtime': '30m' }, { downtimeLimitMs: 1_800_000 }],
	[{ 'max-downtime': '90' }, { downtimeLimitMs: 90_000 }],
	[{ 'quiesce-wait': '0' }, { waitMs: 0 }],
	[{ 'quiesce-wait': '2h' }, { waitMs: 7_200_000 }],
	[{ 'health-limit': '0s' }, { healthLimitMs: 0 }],
	[{ before: ['db=["true"]'] }, { before: [command] }],
	[{ after: ['db=["sh","-c","a=b; c"]'] }, { after: [{ ...command, command: ['sh', '-c', 'a=b; c'] }] }],
	[
		{ before: ['db={"command":["true"],"user":"root","limit":"1m","onFailure":"continue"}'] },
		{ before: [{ ...command, user: 'root', limitMs: 60_000, onFailure: 'continue' }] },
	],
	[{ before: ['db={"command":["true"],"limit":5}'] }, { before: [{ ...command, limitMs: 5_000 }] }],
])('%j', (changes, expected) => {
	expect(request(changes)).toMatchObject(expected);
});

test.each([
	{ quiesce: 'Stop' },
	{ quiesce: '' },
	{ 'quiesce-container': ['a'], 'quiesce-label': ['b'] },
	{ 'max-downtime': '0' },
	{ 'max-downtime': '1d' },
	{ 'max-downtime': '-1' },
	{ 'max-downtime': '604801' },
	{ 'health-limit': 'long' },
	{ before: ['db'] },
	{ before: ['=["true"]'] },
	{ before: ['db=true'] },
	{ before: ['db="true"'] },
	{ before: ['db=[]'] },
	{ before: ['db=[""]'] },
	{ before: ['db=["true",1]'] },
	{ before: ['db=null'] },
	{ before: ['db={"command":"true"}'] },
	{ before: ['db={"command":["true"],"timeout":1}'] },
	{ before: ['db={"command":["true"],"user":1}'] },
	{ before: ['db={"command":["true"],"limit":0}'] },
	{ before: ['db={"command":["true"],"limit":true}'] },
	{ after: ['db={"command":["true"],"onFailure":"retry"}'] },
])('%j is refused', (changes) => {
	expect(() => request(changes)).toThrow(expect.objectContaining({ code: 'usage' }) as Error);
});
