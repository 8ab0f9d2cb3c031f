import { sizeText } from "../console/amounts";
import { commandLine } from "../console/command-line";
import type { StackFacts } from "../status/facts";
import { endText } from "../status/facts";
import { daysLeft, endsSoon } from "../status/served-certificate";
import type { Finding } from "./finding";

const FULL_PERCENT = 90;

/** What is wrong with the disks and the certificate of a stack. */
export function factFindings({ disks, certificate }: StackFacts, now = Date.now()): Finding[] {
  const findings = disks
    .filter(({ usedPercent }) => usedPercent > FULL_PERCENT)
    .map(({ usedPercent, free, volumes }): Finding => ({
      check: "disk",
      found: `The disk of ${volumes.join(", ")} is ${usedPercent} % full: ${sizeText(free)} are free`,
      meaning: "When it is full, uploads fail, and the database may stop.",
      remedy: [
        `To delete for good what users deleted: ${commandLine("gc")}`,
        "To remove unused images: docker image prune",
      ].join("\n"),
    }));
  if (certificate && endsSoon(certificate, now)) {
    const isOver = daysLeft(certificate, now) < 0;
    findings.push({
      check: "certificate",
      found: `The certificate ${endText(certificate, now)}, and was not renewed`,
      meaning: `${isOver ? "No" : "From then on no"} client accepts it: nobody can use MLflow.`,
      remedy: `If it was given, give a newer one in TLS_CERTIFICATE and TLS_PRIVATE_KEY, then: ${commandLine("up")}\nElse read why the gateway gets none: ${commandLine("logs", "gateway")}`,
    });
  }
  return findings;
}
