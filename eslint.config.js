import tseslint from 'typescript-eslint';

const clock = 'Take a Clock; only platform/ may read the real one.';
const entropy = 'Take an Entropy; only platform/ may read the real one.';

const banned = {
  defaultExport: { selector: 'ExportDefaultDeclaration', message: 'Named exports only.' },
  env: {
    selector: "MemberExpression[object.name='process'][property.name='env']",
    message: 'Configuration is read once, in config/.',
  },
  async: { selector: ':function[async=true]', message: 'core is synchronous: load first, then decide.' },
  newDate: {
    selector: 'NewExpression[callee.name="Date"][arguments.length=0]',
    message: 'Times come in as arguments.',
  },
};

/** What runs outside the server: programs around it and tools that no test starts in-process. */
const programs = [
  '**/scripts/**',
  'homeserver/media-worker/**',
  'spec/coverage/**',
  '**/bench/**',
  '**/*.config.ts',
  '**/main.ts',
];

export default tseslint.config(
  { ignores: ['**/node_modules/**', '**/dist/**', 'data/**', '.runtime/**', '**/*.cjs', '**/*.js', '**/*.mjs'] },
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: { parserOptions: { project: ['./tsconfig.json', './client/tsconfig.json'] } },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      'max-lines': ['error', { max: 300, skipBlankLines: true, skipComments: true }],
      'max-lines-per-function': ['error', { max: 60, skipBlankLines: true, skipComments: true }],
      'max-params': ['error', 4],
      complexity: ['error', 10],
      'max-depth': ['error', 3],
      eqeqeq: ['error', 'always'],
      'no-console': 'error',
      'no-restricted-syntax': ['error', banned.defaultExport, banned.env],
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/restrict-template-expressions': 'off',
      '@typescript-eslint/no-invalid-void-type': 'off',
      '@typescript-eslint/no-confusing-void-expression': [
        'error',
        { ignoreArrowShorthand: true, ignoreVoidReturningFunctions: true },
      ],
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
    },
  },
  {
    files: ['homeserver/src/**', 'client/src/**'],
    ignores: ['**/platform/**', '**/testing/**', '**/*.test.ts'],
    rules: {
      'no-restricted-globals': [
        'error',
        ...['setTimeout', 'setInterval', 'setImmediate'].map((name) => ({ name, message: clock })),
      ],
      'no-restricted-properties': [
        'error',
        { object: 'Date', property: 'now', message: clock },
        { object: 'performance', property: 'now', message: clock },
        { object: 'Math', property: 'random', message: entropy },
        { object: 'crypto', property: 'randomUUID', message: entropy },
      ],
    },
  },
  {
    files: ['homeserver/src/core/**'],
    ignores: ['**/*.test.ts'],
    rules: {
      'no-restricted-syntax': ['error', banned.defaultExport, banned.env, banned.async, banned.newDate],
    },
  },
  {
    // config/ is the one reader of the environment; platform/ is the one home of the real world.
    files: ['homeserver/src/config/**', '**/src/platform/**'],
    rules: { 'no-restricted-syntax': ['error', banned.defaultExport] },
  },
  {
    files: programs,
    rules: { 'no-console': 'off', 'no-restricted-syntax': 'off', 'no-restricted-globals': 'off' },
  },
  {
    files: ['**/*.test.ts', '**/testing/**', 'federation-tests/**'],
    rules: {
      'max-lines-per-function': 'off',
      complexity: 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-unused-expressions': 'off',
      '@typescript-eslint/require-await': 'off',
      'no-restricted-syntax': 'off',
      // A test reads answers as they come; that they have the right shape is what it asserts.
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
    },
  },
  {
    // A migration is one list of statements.
    files: ['homeserver/src/storage/migrations/**'],
    rules: { 'max-lines-per-function': 'off' },
  },
);
