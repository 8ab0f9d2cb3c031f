package gateway

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"go.uber.org/zap"
)

const (
	// How much of a body is looked at. No call that names an object has more before the name.
	maxAuditBody = 64 << 10
	// Of a name in the log.
	maxAuditName = 200
)

// The fields of MLflow's calls for admins that name an object. All others stay out of the log, because they may be secrets.
var auditFields = []string{
	"alias", "assessment_id", "binding_id", "budget_policy_id", "dataset_id", "endpoint_id", "experiment_id", "guardrail_id", "job_id",
	"model_definition_id", "model_id", "name", "queue_id", "resource_id", "resource_type", "run_id", "run_uuid", "schema_id", "secret_id",
	"secret_name", "trace_id", "version", "webhook_id",
}

// isAudited tells whether a request is an admin's act, or tries to be one: it may change something, and needs the role admin.
func isAudited(r *http.Request, need Role) bool {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions:
		return false
	}
	return need == RoleAdmin
}

// logAudit marks the line of the access log by the route. The line has the user, the address and the status.
func logAudit(r *http.Request, found *route) {
	if fields, ok := r.Context().Value(caddyhttp.ExtraLogFieldsCtxKey).(*caddyhttp.ExtraLogFields); ok {
		fields.Set(zap.String("audit", r.Method+" "+orDefault(found.pattern, "another address")))
	}
}

// logObject adds the object that the body names. It leaves the body as it was.
func logObject(r *http.Request) error {
	fields, ok := r.Context().Value(caddyhttp.ExtraLogFieldsCtxKey).(*caddyhttp.ExtraLogFields)
	if !ok || r.Body == nil || r.Body == http.NoBody || r.ContentLength == 0 {
		return nil
	}
	begin, err := io.ReadAll(io.LimitReader(r.Body, maxAuditBody))
	if err != nil {
		return answerOfBody(r, r.Body, caddyhttp.Error(statusClientClosed, err))
	}
	r.Body = &peekedBody{Reader: io.MultiReader(bytes.NewReader(begin), r.Body), Closer: r.Body, body: r.Body}
	if object := objectOf(begin); len(object) > 0 {
		fields.Set(zap.Any("audit_object", object))
	}
	return nil
}

func objectOf(text []byte) map[string]string {
	var body map[string]json.RawMessage
	if len(text) == maxAuditBody || json.Unmarshal(text, &body) != nil {
		return nil
	}
	object := map[string]string{}
	for _, name := range auditFields {
		var value string
		if raw := body[name]; json.Unmarshal(raw, &value) != nil {
			var number json.Number
			if json.Unmarshal(raw, &number) != nil {
				continue
			}
			value = number.String()
		}
		if value != "" {
			object[name] = strings.ToValidUTF8(truncated(value), "")
		}
	}
	return object
}

func truncated(text string) string {
	if utf8.RuneCountInString(text) <= maxAuditName {
		return text
	}
	return string([]rune(text)[:maxAuditName]) + "…"
}

// peekedBody is a body whose beginning was read.
type peekedBody struct {
	io.Reader
	io.Closer
	body io.ReadCloser
}

func (b *peekedBody) problem() *bodyError {
	if watched, ok := b.body.(watchedBody); ok {
		return watched.problem()
	}
	return nil
}
