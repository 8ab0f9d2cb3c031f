// What Terraform 1.11.4 and OpenTofu 1.12.6 print, with their line breaks, when a registry of the test breaks off at a step.
const LISTED = `Could not retrieve the list of available versions for provider
registry.example.com/kreuzwerker/docker: could not`;
const HINT = `
To see which modules are currently depending on
registry.example.com/kreuzwerker/docker and what versions are specified, run the
following command:
    terraform providers`;

/** Errors of `terraform init` and `tofu init` whose download broke. The archives are at `archives.example.com`. */
export const BROKEN_DOWNLOADS = {
  "Terraform, discovery": `Error: Failed to query available provider packages

${LISTED} connect to registry.example.com:
failed to request discovery document: 503 Service Unavailable
${HINT}`,
  "Terraform, versions": `Error: Failed to query available provider packages

${LISTED} query provider registry for
registry.example.com/kreuzwerker/docker: the request failed after 2 attempts,
please try again later: Get
"https://registry.example.com/v1/providers/kreuzwerker/docker/versions": EOF
${HINT}`,
  "Terraform, too many requests": `Error: Failed to query available provider packages

${LISTED} query provider registry for
registry.example.com/kreuzwerker/docker: the request failed after 2 attempts,
please try again later: 429 Too Many Requests returned from registry.example.com
${HINT}`,
  "Terraform, checksums": `Error: Failed to install provider

Error while installing kreuzwerker/docker v4.6.0: could not
query provider registry for registry.example.com/kreuzwerker/docker: failed to
retrieve authentication checksums for provider: the request failed after 2
attempts, please try again later: Get "https://archives.example.com/SHA256SUMS":
EOF`,
  "Terraform, archive": `Error: Failed to install provider

Error while installing kreuzwerker/docker v4.6.0:
archives.example.com: unexpected EOF`,
  "Terraform, archive with status": `Error: Failed to install provider

Error while installing kreuzwerker/docker v4.6.0:
archives.example.com: bad response code: 503`,
  "Terraform, archive's host": `Error: Failed to install provider

Error while installing kreuzwerker/docker v4.6.0:
archives.example.com: Get "https://archives.example.com/x.zip": dial tcp: lookup
archives.example.com on 10.0.0.53:53: no such host`,
  "OpenTofu, discovery": `Error: Failed to resolve provider packages

Could not resolve provider kreuzwerker/docker: could not
connect to registry.example.com: failed to request discovery document: Get
"https://registry.example.com/.well-known/terraform.json": EOF`,
  "OpenTofu, versions": `Error: Failed to resolve provider packages

Could not resolve provider kreuzwerker/docker: could not
query provider registry for registry.example.com/kreuzwerker/docker: request
failed after 2 attempts: 502 Bad Gateway returned from
https://registry.example.com/v1/providers/kreuzwerker/docker/versions`,
  "OpenTofu, archive": `Error: Failed to install provider

Error while installing kreuzwerker/docker v4.6.0: unexpected
EOF`,
  "OpenTofu, archive with status": `Error: Failed to install provider

Error while installing kreuzwerker/docker v4.6.0:
archives.example.com: GET https://archives.example.com/x.zip giving up after 3
attempt(s)`,
};
