package gateway

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"unicode/utf8"
)

// The tags in which MLflow keeps the location of a trace's files.
var traceLocationTags = []string{"mlflow.artifactLocation", "mlflow.trace.archiveLocation"}

// OpenTelemetry clients send a tag as an attribute with this prefix.
const traceTagAttribute = "mlflow.traceTag."

// needOfTraceTags reads which tags are set or deleted. Only admins may move a trace's files, because MLflow would read them
// from anywhere with its own rights.
func (a *Access) needOfTraceTags(w http.ResponseWriter, r *http.Request) (Role, error) {
	need := RoleWrite
	if query, err := url.QueryUnescape(r.URL.RawQuery); err != nil || mentionsLocation(query) {
		need = RoleAdmin
	}
	text, err := readText(w, r)
	// Without a body there is no tag to check. MLflow answers that the body is missing.
	if err != nil || len(text) == 0 {
		return need, err
	}
	body, err := objectIn(r, text)
	if err != nil {
		return 0, err
	}
	if startsWithBadID(body) {
		return 0, refuseTraceID(r)
	}
	for _, value := range body {
		if hasLocationTag(value) {
			need = RoleAdmin
		}
	}
	return need, replaceBody(r, body)
}

func mentionsLocation(text string) bool {
	return slices.ContainsFunc(traceLocationTags, func(tag string) bool { return strings.Contains(text, tag) })
}

// hasLocationTag tells whether a location tag occurs anywhere in a JSON value, however it is escaped.
func hasLocationTag(value json.RawMessage) bool {
	decoder := json.NewDecoder(bytes.NewReader(value))
	for {
		token, err := decoder.Token()
		if err != nil {
			return false
		}
		if text, ok := token.(string); ok && slices.Contains(traceLocationTags, strings.TrimSpace(text)) {
			return true
		}
	}
}

// watchTraceTags looks for location tags in OpenTelemetry traces while they pass, unless an admin sends them.
func watchTraceTags(r *http.Request) error {
	if r.Body == nil || r.Body == http.NoBody {
		return nil
	}
	admin, err := IdentityOf(r).Has(r.Context(), RoleAdmin)
	if err != nil {
		return badGateway(r, err)
	}
	if admin {
		return nil
	}
	body := &watchedTraces{ReadCloser: r.Body, plain: newTagSearch()}
	isJSON := func(kind string) bool { return strings.Contains(strings.ToLower(kind), "json") }
	if slices.ContainsFunc(r.Header.Values("Content-Type"), isJSON) {
		body.escaped = &jsonSearch{search: newTagSearch()}
	}
	r.Body = body
	return nil
}

// watchedTraces are traces on their way to MLflow. They break off before a location tag. MLflow stores nothing of traces that
// break off, because it reads all of them first.
type watchedTraces struct {
	io.ReadCloser
	// For protobuf, which has keys unescaped.
	plain *tagSearch
	// For JSON, else nil.
	escaped *jsonSearch
	failed  atomic.Pointer[bodyError]
}

func (b *watchedTraces) Read(p []byte) (int, error) {
	if problem := b.failed.Load(); problem != nil {
		return 0, problem
	}
	n, err := b.ReadCloser.Read(p)
	if problem := b.check(p[:n]); problem != nil {
		b.failed.Store(problem)
		return 0, problem
	}
	return n, err
}

func (b *watchedTraces) check(part []byte) *bodyError {
	// MLflow also reads JSON in UTF-16 and UTF-32, in which every key has NUL bytes.
	if b.escaped != nil && bytes.IndexByte(part, 0) >= 0 {
		return &bodyError{http.StatusBadRequest, "INVALID_PARAMETER_VALUE", "The body must be JSON in UTF-8."}
	}
	if b.plain.found(part) || (b.escaped != nil && b.escaped.found(part)) {
		return &bodyError{
			http.StatusForbidden, "PERMISSION_DENIED", "To say where the files of a trace are needs the role " + RoleAdmin.String() + ".",
		}
	}
	return nil
}

func (b *watchedTraces) problem() *bodyError {
	if watched, ok := b.ReadCloser.(watchedBody); ok {
		if problem := watched.problem(); problem != nil {
			return problem
		}
	}
	return b.failed.Load()
}

// tagSearch finds the attributes of location tags in a text that arrives in parts.
type tagSearch struct {
	attributes [][]byte
	longest    int
	tail       []byte
}

func newTagSearch() *tagSearch {
	search := new(tagSearch)
	for _, tag := range traceLocationTags {
		search.attributes = append(search.attributes, []byte(traceTagAttribute+tag))
		search.longest = max(search.longest, len(traceTagAttribute+tag))
	}
	return search
}

func (s *tagSearch) found(part []byte) bool {
	// An attribute may begin in the last part and end in this one.
	seam := append(s.tail, part[:min(len(part), s.longest-1)]...)
	for _, attribute := range s.attributes {
		if bytes.Contains(seam, attribute) || bytes.Contains(part, attribute) {
			return true
		}
	}
	if len(part) >= s.longest-1 {
		seam = append(seam[:0], part[len(part)-(s.longest-1):]...)
	} else if excess := len(seam) - (s.longest - 1); excess > 0 {
		seam = append(seam[:0], seam[excess:]...)
	}
	s.tail = seam
	return false
}

// jsonSearch finds them in JSON, where every character may be escaped.
type jsonSearch struct {
	search *tagSearch
	// The escape that is being read, without its backslash.
	escape []byte
	inside bool
	text   []byte
}

func (s *jsonSearch) found(part []byte) bool {
	s.text = s.text[:0]
	for _, c := range part {
		switch {
		case !s.inside && c != '\\':
			s.text = append(s.text, c)
		case !s.inside:
			s.inside, s.escape = true, s.escape[:0]
		default:
			s.escape = append(s.escape, c)
			if s.escape[0] == 'u' && len(s.escape) < len("u0000") {
				continue
			}
			s.inside = false
			s.text = append(s.text, unescaped(s.escape))
		}
	}
	return s.search.found(s.text)
}

// unescaped returns the character of an escape, or NUL, which no tag contains.
func unescaped(escape []byte) byte {
	if escape[0] == 'u' {
		if code, err := strconv.ParseUint(string(escape[1:]), 16, 16); err == nil && code < utf8.RuneSelf {
			return byte(code)
		}
	}
	return 0
}
