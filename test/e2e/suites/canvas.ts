/**
 * A user at the editor: opens the imported workflow, executes it, looks at the nodes' panels. The pictures go
 * to .test-results/pictures, or where PICTURES says (docs/images has those of a release).
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { chromium, selectors, type Browser, type Page } from 'playwright-core';
import { templateId, type Lab } from '../lab/lab';
import { owner } from '../lab/n8n';
import { chain } from '../lab/workflows';

const pictures = process.env['PICTURES'] ?? join(__dirname, '../../../.test-results/pictures');

/** What each panel shows, from top to bottom; n8n has credentials on top, or where one depends on a parameter. */
const panels = {
	'Backup Volume': [
		'Job Name',
		'Choose Volumes',
		'Volumes',
		'Archive',
		'Quiesce Containers',
		'Quiesce Options',
		'Encrypt',
		'Compression',
		'Compression Level',
		'Options',
	],
	'Dump Postgres': [
		'Container',
		'Docker Host',
		'Backup Repository',
		'Log In As',
		'Job Name',
		'Choose Databases',
		'Except Databases',
		'Options',
	],
	'Snapshot SQLite': ['Where', 'Volume', 'Job Name', 'Choose Databases', 'Options'],
	'Verify Archive': ['Archives', 'Job', 'Level', 'Fail When an Archive Is Bad', 'Options'],
	Restore: [
		'What to Restore',
		'Backup',
		'Record',
		'Choose Volumes',
		'Restore Into',
		'Prefix',
		'Suffix',
		'Dry Run',
		'Options',
	],
	'Backup Catalog': ['Operation', 'Job', 'Return All', 'Limit', 'Options'],
	'Docker Resources': ['Docker Host', 'Operation', 'Name', 'Labels', 'Project'],
} as const;

/** Where volumes are chosen otherwise than from a list, or looked for. */
const volumePanels = [
	[
		'Docker Resources',
		'dockerResources',
		{ operation: 'unprotected' },
		[
			'Docker Host',
			'Backup Repository (Optional for Volumes)',
			'Operation',
			'Max Age (Hours)',
			'Name',
			'Labels',
			'Project',
			'Include Anonymous Volumes',
			'Measure Sizes',
		],
	],
	[
		'Backup Volume',
		'backupVolume',
		{ volumesBy: 'label' },
		[
			'Docker Host',
			'Backup Repository',
			...['Job Name', 'Choose Volumes', 'Labels', 'Except'],
			...panels['Backup Volume'].slice(3),
		],
	],
] as const;

const optionalHost = 'Docker Host (Optional for S3)';

/** What Restore and Verify Archive ask for databases. */
const databasePanels = [
	[
		'Restore',
		{ kind: 'postgres', logInAs: 'credential', databaseWay: 'swap' },
		[
			'What to Restore',
			'Backup',
			'Record',
			'Container',
			'Docker Host',
			'Backup Repository',
			'Postgres Login',
			'Log In As',
			'Restore Into',
			'Existing Database',
			"Type the Database's Name to Confirm",
			'Old Database',
			'When Others Are Connected',
			'Dry Run',
			'Options',
		],
	],
	[
		'Restore',
		{ kind: 'sqlite', select: 'latest', placeType: 'volume' },
		[
			'Docker Host',
			'Backup Repository',
			'What to Restore',
			'Backup',
			'Job',
			'Database in the Job',
			'Where',
			'Volume',
			'Path',
			'Restore Into',
			'Dry Run',
			'Options',
		],
	],
	[
		'Verify Archive',
		{ level: 'drill' },
		[
			'Docker Host (Optional for S3)',
			'Backup Repository',
			'Archives',
			'Job',
			'Level',
			'Database in the Job',
			'SQL Checks',
			'Fail When an Archive Is Bad',
			'Options',
		],
	],
] as const;

/** What the catalog asks for, by operation. */
const catalogPanels = {
	adopt: ['Job Name', 'Archive ID', 'Options'],
	check: ['Job'],
	delete: ['Record IDs', 'Reason', 'Options'],
	download: ['Record', 'Size Limit (MB)', 'Put Output File in Field', 'Options'],
	get: ['Record', 'Options'],
	hold: ['Record', 'Reason'],
	link: ['Record', 'Expires In (Minutes)', 'Options'],
	release: ['Record', 'Reason'],
} as const;

export function canvasSuite(lab: Lab): void {
	describe('the editor', () => {
		let browser: Browser;
		let page: Page;
		const node = (name: string) => page.locator(`[data-test-id="canvas-node"][data-node-name="${name}"]`);
		const picture = (name: string) => page.screenshot({ path: join(pictures, `${name}.png`) });

		beforeAll(async () => {
			mkdirSync(pictures, { recursive: true });
			const executablePath = process.env['CHROMIUM_BIN'];
			if (executablePath === undefined)
				throw new Error('CHROMIUM_BIN names no browser: run this through scripts/jest');
			selectors.setTestIdAttribute('data-test-id');
			browser = await chromium.launch({
				executablePath,
				args: ['--no-sandbox', '--disable-background-networking'],
			});
			page = await browser.newPage({ viewport: { width: 1440, height: 680 }, deviceScaleFactor: 2 });
			page.setDefaultTimeout(60_000);
			await page.goto(`${lab.n8n.url}/signin`);
			await page.locator('input[name="emailOrLdapLoginId"]').fill(owner.email);
			await page.locator('input[name="password"]').fill(owner.password);
			await page.getByRole('button', { name: 'Sign in' }).click();
			await page.waitForURL(/home|workflows/);
		});
		afterEach(async () => {
			await picture('last-seen');
		});
		afterAll(async () => {
			await browser.close();
		});

		test('executes the imported template', async () => {
			await page.goto(`${lab.n8n.url}/workflow/${templateId}`);
			await node('Verify the Archive').waitFor();
			await page.getByTestId('execute-workflow-button').click();
			for (const name of ['Back Up Volumes', 'Verify the Archive']) {
				await node(name).getByTestId('canvas-node-status-success').waitFor();
			}
			const done = page.getByText('Workflow executed successfully');
			await done.waitFor();
			await page.locator('.el-notification__closeBtn').click();
			await done.waitFor({ state: 'hidden' });
			await page.getByTestId('execute-workflow-button').getByText('Execute workflow').waitFor();
			await page.mouse.move(0, 0);
			await picture('canvas');

			await node('Back Up Volumes').dblclick();
			await page.getByTestId('output-panel').getByText('checksum').first().waitFor();
			await picture('record');
		});

		const openPanel = async (name: string, type: string, parameters: object, pictureName: string) => {
			const id = await lab.save(chain(`panel ${pictureName}`, [name, type, parameters]));
			await page.goto(`${lab.n8n.url}/workflow/${id}`);
			await node(name).dblclick();
			const panel = page.getByTestId('ndv');
			await panel.getByTestId('parameter-input').first().waitFor();
			await picture(`panel-${pictureName}`);
			const labels = panel.getByTestId('node-parameters').locator('label').filter({ visible: true });
			return (await labels.allInnerTexts()).map((text) => text.trim().split('\n')[0]);
		};

		test.each(Object.entries(panels))('the panel of %s', async (name, fields) => {
			const type = name[0]!.toLowerCase() + name.slice(1).replace(/ /g, '').replace('SQLite', 'Sqlite');
			const names = await openPanel(name, type, {}, type);
			const host = ['Verify Archive', 'Backup Catalog'].includes(name) ? optionalHost : 'Docker Host';
			const isWhole = new Set<string>(fields).has('Docker Host');
			expect(names).toEqual(isWhole ? fields : [host, 'Backup Repository', ...fields]);
		});

		test.each(volumePanels)('the panel of %s (%s) with %j', async (name, type, parameters, fields) => {
			const [what] = Object.values<string>(parameters);
			expect(await openPanel(name, type, parameters, `${type}-${what}`)).toEqual(fields);
		});

		test.each(databasePanels)('the panel of %s with %j', async (name, parameters, fields) => {
			const type = name === 'Restore' ? 'restore' : 'verifyArchive';
			const what = 'kind' in parameters ? parameters.kind : parameters.level;
			expect(await openPanel(name, type, parameters, `${type}-${what}`)).toEqual(fields);
		});

		test.each(Object.entries(catalogPanels))(
			'the panel of Backup Catalog for %s',
			async (operation, fields) => {
				const names = await openPanel(
					'Backup Catalog',
					'backupCatalog',
					{ operation },
					`catalog-${operation}`,
				);
				expect(names).toEqual([optionalHost, 'Backup Repository', 'Operation', ...fields]);
			},
		);

		test('the credential of an S3 repository', async () => {
			const { id } = await lab.rest.post<{ id: string }>('/rest/credentials', {
				name: 'Backups in S3',
				type: 'backupRepositoryApi',
				data: {
					location: 's3',
					s3More: true,
					s3ObjectLock: 'governance',
					protection: 'key',
					secretKey: lab.key,
				},
			});
			await page.goto(`${lab.n8n.url}/home/credentials/${id}`);
			const dialog = page.getByTestId('credential-edit-dialog').or(page.getByRole('dialog'));
			await dialog.getByText('Bucket', { exact: true }).waitFor();
			await picture('credential-s3');
			await dialog.getByText('Session Token', { exact: true }).scrollIntoViewIfNeeded();
			await picture('credential-s3-more');
			const text = await dialog.first().innerText();
			for (const label of [
				'Endpoint',
				'Region',
				'Bucket',
				'Prefix',
				'Access Key ID',
				'Object Lock',
				'Keep Locked for (Days)',
			])
				expect(text).toContain(label);
		});
	});
}
