// Exactly the sources that MLflow's pages need: every page was opened in a browser with this policy.
const DIRECTIVES = {
  "default-src": "'none'",
  "script-src": "'self'",
  "style-src": "'self' 'unsafe-inline'",
  "img-src": "'self' data: blob:",
  "font-src": "'self' data:",
  // MLflow's player of audio fetches the blob: that it has made, which reaches nothing outside of the page.
  "connect-src": "'self' blob:",
  "frame-src": "'self' blob:",
  "worker-src": "'self' blob:",
  "media-src": "'self' blob:",
  "manifest-src": "'self'",
  "object-src": "'none'",
  "base-uri": "'self'",
  "form-action": "'self'",
  "frame-ancestors": "'self'",
};

/** The sources that browsers accept for scripts, images and frames of MLflow's pages. */
export abstract class ContentSecurityPolicy {
  /**
   * Only MLflow's own origin. Scripts in HTML artifacts, such as figures by plotly, do not run in the preview:
   * otherwise anyone who may log a run could act as the user who looks at it. Artifacts can be downloaded.
   */
  public static strict(): ContentSecurityPolicy {
    return new FixedPolicy({ enforced: policy({}), reported: "" });
  }

  /**
   * Like `strict()`, but scripts in HTML artifacts run with the login of the reader. For teams that trust all writers.
   */
  public static allowArtifactScripts(): ContentSecurityPolicy {
    const enforced = policy({ "script-src": "'self' 'unsafe-inline' 'unsafe-eval' blob:" });
    return new FixedPolicy({ enforced, reported: "" });
  }

  /** Browsers report in their console what the strict policy would block, and block nothing. */
  public static reportOnly(): ContentSecurityPolicy {
    return new FixedPolicy({ enforced: "", reported: policy({}) });
  }

  /** Sends no Content-Security-Policy. */
  public static off(): ContentSecurityPolicy {
    return new FixedPolicy({ enforced: "", reported: "" });
  }

  /**
   * Values of the two headers. An empty one is not sent.
   *
   * @internal
   */
  public abstract readonly _headers: { readonly enforced: string; readonly reported: string };
}

class FixedPolicy extends ContentSecurityPolicy {
  constructor(public readonly _headers: { readonly enforced: string; readonly reported: string }) {
    super();
  }
}

function policy(changes: { [directive: string]: string }): string {
  return Object.entries({ ...DIRECTIVES, ...changes })
    .map(([directive, sources]) => `${directive} ${sources}`)
    .join("; ");
}
