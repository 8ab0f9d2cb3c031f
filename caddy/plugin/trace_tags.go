package gateway

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
)

// The tag in which MLflow keeps where a trace's files are.
const traceLocationTag = "mlflow.artifactLocation"

// needOfTraceTags reads which tags are set or deleted: to move a trace's files is for admins, because MLflow would read
// elsewhere with its own rights.
func (a *Access) needOfTraceTags(w http.ResponseWriter, r *http.Request) (Role, error) {
	if r.Method == http.MethodOptions {
		return RoleRead, nil
	}
	need := RoleWrite
	if query, err := url.QueryUnescape(r.URL.RawQuery); err != nil || strings.Contains(query, traceLocationTag) {
		need = RoleAdmin
	}
	text, err := readText(w, r)
	if err != nil {
		return 0, err
	}
	// without a body there is no tag to judge, and MLflow says what is missing.
	if len(text) == 0 {
		r.Body, r.ContentLength, r.TransferEncoding = http.NoBody, 0, nil
		return need, nil
	}
	body, err := objectIn(r, text)
	if err != nil {
		return 0, err
	}
	for _, value := range body {
		if mentions(value, traceLocationTag) {
			need = RoleAdmin
		}
	}
	return need, replaceBody(r, body)
}

// mentions tells whether a text stands anywhere in a JSON value, however it is escaped.
func mentions(value json.RawMessage, text string) bool {
	decoder := json.NewDecoder(bytes.NewReader(value))
	for {
		token, err := decoder.Token()
		if err != nil {
			return false
		}
		if found, ok := token.(string); ok && strings.TrimSpace(found) == text {
			return true
		}
	}
}
