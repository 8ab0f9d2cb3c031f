/** Where oauth2-proxy finds its settings: who may log in, and where. */
export const CONFIGURATION_FILE = "/etc/oauth2-proxy/oauth2-proxy.cfg";

/** Where oauth2-proxy finds the subjects of the service accounts that may call MLflow, one a line. */
export const SUBJECTS_FILE = "/etc/oauth2-proxy/machines";
