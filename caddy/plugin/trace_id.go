package gateway

import (
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strings"
)

// MLflow's own ids are tr- and 32 digits, but a client may choose another. MLflow makes it a part of the path of the trace's
// files, so that dots could lead out of its folder.
var traceID = regexp.MustCompile(`^[\w:+~=@-][\w.:+~=@-]{0,199}$`)

// Names of parameters with the id of a trace, in paths and in queries.
var traceIDNames = []string{"trace_id", "request_id"}

func isTraceID(text string) bool { return traceID.MatchString(text) && !strings.Contains(text, "..") }

// traceSegment returns which segment of a route is the id of a trace, or 0.
func traceSegment(pattern string) int {
	return max(0, slices.IndexFunc(strings.Split(pattern, "/"), func(segment string) bool {
		return slices.Contains(traceIDNames, strings.Trim(segment, "{}")) && strings.HasPrefix(segment, "{")
	}))
}

// checkTraceID refuses an id of a trace, in the path or in the query, that is not of the form.
func checkTraceID(r *http.Request, found *route, path string) error {
	if found.traceSegment > 0 && !isTraceID(strings.Split(path, "/")[found.traceSegment]) {
		return refuseTraceID(r)
	}
	// Parsing costs time. Without an underscore, a query can have the name in escaped form only.
	if !strings.ContainsAny(r.URL.RawQuery, "_%") {
		return nil
	}
	for name, values := range r.URL.Query() {
		if slices.Contains(traceIDNames, name) && slices.ContainsFunc(values, func(id string) bool { return id != "" && !isTraceID(id) }) {
			return refuseTraceID(r)
		}
	}
	return nil
}

// startsWithBadID tells whether a body starts a trace with an id that is not of the form. MLflow takes both spellings of a
// field.
func startsWithBadID(body map[string]json.RawMessage) bool {
	for _, info := range []string{"trace_info", "traceInfo"} {
		for _, id := range []string{"trace_id", "traceId"} {
			var text string
			if json.Unmarshal(field(field(body["trace"], info), id), &text) == nil && text != "" && !isTraceID(text) {
				return true
			}
		}
	}
	return false
}

// field returns the value of a key of an object, or nil.
func field(object json.RawMessage, key string) json.RawMessage {
	var fields map[string]json.RawMessage
	if json.Unmarshal(object, &fields) != nil {
		return nil
	}
	return fields[key]
}

func refuseTraceID(r *http.Request) error {
	return refuseBody(r, "The id of a trace has only letters, digits and _ : + ~ = @ - and single dots.")
}
