import { dvc } from './dvc.ts';
import { glog } from './glog.ts';
import type { Grammar } from './grammar.ts';
import { hydra } from './hydra.ts';
import { jsonLines } from './json-lines.ts';
import { lightgbm } from './lightgbm.ts';
import { loguru } from './loguru.ts';
import { mlflow } from './mlflow.ts';
import { optuna } from './optuna.ts';
import { prefect } from './prefect.ts';
import { progress } from './progress.ts';
import { createCommonLogging, createPythonLogging } from './python-logging.ts';
import { richLog } from './rich-log.ts';
import { stampedLine } from './stamped-line.ts';
import { traceback } from './traceback.ts';
import { warnings } from './warnings.ts';

/** Every grammar, in the order in which a line is offered: the first that reads it has it. */
export function createGrammars(options: { readonly formats?: readonly string[] } = {}): Grammar[] {
  return [
    createPythonLogging(options.formats ?? []),
    dvc,
    optuna,
    hydra,
    prefect,
    mlflow,
    lightgbm,
    loguru,
    traceback,
    warnings,
    jsonLines,
    progress,
    glog,
    richLog,
    stampedLine,
    createCommonLogging(),
  ];
}
