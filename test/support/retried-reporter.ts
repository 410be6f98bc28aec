import type { Reporter, TestCase } from 'vitest/node';

/** Names each test that passed only when it was tried again, with what was wrong the first time. */
export class RetriedReporter implements Reporter {
  onTestCaseResult(test: TestCase): void {
    if (test.diagnostic()?.flaky !== true) return;
    const errors =
      test.result().errors?.map(({ message, diff = '' }) => `${message}\n${diff}`) ?? [];
    process.stdout.write(
      ` retried: ${test.module.relativeModuleId} > ${test.fullName}\n${errors.join('\n')}\n`,
    );
  }
}
