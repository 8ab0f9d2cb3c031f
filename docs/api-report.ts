import { mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Extractor, ExtractorConfig, ExtractorLogLevel } from "@microsoft/api-extractor";
import ts from "typescript";
import { packagePath } from "../lib/values/package-folder";

const NAME = "cdktf-mlflow";

/** The public API of the library as declarations without comments, in a stable order. */
export function apiReport(): string {
  const folder = mkdtempSync(join(tmpdir(), "mlflow-api-"));
  try {
    symlinkSync(packagePath("node_modules"), join(folder, "node_modules"));
    emitDeclarations(folder);
    return extract(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function emitDeclarations(outDir: string): void {
  const { config } = ts.readConfigFile(packagePath("tsconfig.json"), (path) => ts.sys.readFile(path));
  const { options } = ts.convertCompilerOptionsFromJson(
    // `npm run build` checks the types.
    { ...config.compilerOptions, types: ["node"], noCheck: true, emitDeclarationOnly: true, stripInternal: true },
    packagePath(),
  );
  ts.createProgram([packagePath("lib", "index.ts")], { ...options, outDir, rootDir: packagePath("lib") }).emit();
}

function extract(folder: string): string {
  const none = { logLevel: ExtractorLogLevel.None };
  const inReport = { logLevel: ExtractorLogLevel.None, addToApiReportFile: true };
  const config = ExtractorConfig.prepare({
    configObject: {
      projectFolder: folder,
      mainEntryPointFilePath: join(folder, "index.d.ts"),
      newlineKind: "lf",
      apiReport: { enabled: true, reportFileName: NAME, reportFolder: folder, reportTempFolder: join(folder, "temp") },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      compiler: { overrideTsconfig: { compilerOptions: { module: "node20", skipLibCheck: true, types: ["node"] } } },
      messages: {
        compilerMessageReporting: { default: none },
        // comments are for typedoc to judge; a public declaration that uses a hidden one is for reviewers to see.
        extractorMessageReporting: { default: none, "ae-forgotten-export": inReport },
        tsdocMessageReporting: { default: none },
      },
    },
    configObjectFullPath: undefined,
    packageJsonFullPath: packagePath("package.json"),
  });
  Extractor.invoke(config, {
    localBuild: true,
    messageCallback: (message) => {
      message.handled = true;
    },
  });
  return readFileSync(join(folder, `${NAME}.api.md`), "utf8");
}
