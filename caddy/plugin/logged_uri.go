package gateway

import (
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/modules/logging"
	"go.uber.org/zap/zapcore"
)

// The parameters of a query that the log shows. They say what a request is about, and none is a credential.
var loggedParameters = []string{
	"X-Amz-Algorithm", "X-Amz-Date", "X-Amz-Expires", "alias", "artifact_path", "dataset_id", "experiment_id", "experiment_ids", "key",
	"max_results", "metric_key", "model_id", "name", "partNumber", "path", "request_id", "run_id", "run_uuid", "stage", "trace_id", "version",
	"view_type",
}

// A value may hide another parameter, so it has only characters that separate nothing.
var loggedValue = regexp.MustCompile(`^[\pL\pN _.,:/+-]*$`)

// What ends the path, also if a client has encoded it.
var endOfPath = regexp.MustCompile(`(?i)[?#;]|%(?:25)*(?:3f|23|3b)`)

// The authority of a URL inside of a path may have a password.
var userInfo = regexp.MustCompile(`//[^/]*@`)

// LoggedURI is a filter for URIs in Caddy's log. It keeps the path, and the parameters of the query that are harmless.
type LoggedURI struct{}

func init() { caddy.RegisterModule(new(LoggedURI)) }

// CaddyModule tells Caddy about this module.
func (*LoggedURI) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "caddy.logging.encoders.filter.mlflow_uri", New: func() caddy.Module { return new(LoggedURI) }}
}

// UnmarshalCaddyfile reads
//
//	<field> mlflow_uri
func (*LoggedURI) UnmarshalCaddyfile(d *caddyfile.Dispenser) error { return readBlock(d, nil) }

// Filter filters a field of a log line.
func (*LoggedURI) Filter(field zapcore.Field) zapcore.Field {
	field.String = loggedURI(field.String)
	return field
}

func loggedURI(uri string) string {
	if !strings.HasPrefix(uri, "/") {
		// The absolute form has an authority before the path. Other forms are of no use to a client of MLflow.
		_, rest, found := strings.Cut(uri, "://")
		if !found {
			return "-"
		}
		uri = "/"
		if begin := strings.IndexAny(rest, "/?#"); begin >= 0 {
			uri = "/" + strings.TrimPrefix(rest[begin:], "/")
		}
	}
	_, query, _ := strings.Cut(uri, "?")
	if end := endOfPath.FindStringIndex(uri); end != nil {
		uri = uri[:end[0]]
	}
	uri = userInfo.ReplaceAllString(uri, "//")
	separator := "?"
	for parameter := range strings.SplitSeq(query, "&") {
		name, value, _ := strings.Cut(parameter, "=")
		value, err := url.QueryUnescape(value)
		if err == nil && slices.Contains(loggedParameters, name) && loggedValue.MatchString(value) {
			uri += separator + parameter
			separator = "&"
		}
	}
	return uri
}

var (
	_ logging.LogFieldFilter = (*LoggedURI)(nil)
	_ caddyfile.Unmarshaler  = (*LoggedURI)(nil)
)
