package gateway

import (
	"encoding/base64"
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"
)

// FuzzPath compares the path that is checked with what MLflow's servers read in the address that they get.
func FuzzPath(f *testing.F) {
	table, err := parseRoutes([]byte(testRoutes))
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{
		"/version", "/version/", "//version", "/%2e%2e/version", "/a%2fb", "/a%5cb", "/%256d", "/x;y", "/%ff", "/a%00", "/?a=/../b",
		"/api/2.0/mlflow-artifacts/artifacts/1/a%2520b", "/ajax-api/3.0/mlflow/assistant/x", "http://h/metrics", "*", "/metrics#x",
	} {
		f.Add("GET", seed)
	}
	f.Fuzz(func(t *testing.T, method, raw string) {
		address, err := url.ParseRequestURI(raw)
		if err != nil {
			return
		}
		path, ok := unambiguousPath(address)
		if !ok {
			return
		}
		// uvicorn reads the part before ? of the address that is sent, decoded once.
		sent := (&url.URL{Path: path, RawQuery: address.RawQuery}).RequestURI()
		before, _, _ := strings.Cut(sent, "?")
		if read := decodeLeniently(before); read != path {
			t.Fatalf("%q is checked as %q and read as %q", raw, path, read)
		}
		if strings.ContainsAny(sent, " \r\n\x00#\\") || !strings.HasPrefix(sent, "/") || strings.HasPrefix(sent, "//") {
			t.Fatalf("%q is sent as %q", raw, sent)
		}
		found, rest := table.find(method, path)
		closed := path == "/metrics" || strings.HasPrefix(path, "/api/3.0/mlflow/assistant/") || strings.HasPrefix(path, "/ajax-api/3.0/mlflow/assistant/")
		if closed != (found != nil && found.need == needClosed) {
			t.Fatalf("%q is the route %v", path, found)
		}
		if !strings.HasSuffix(path, rest) {
			t.Fatalf("%q ends with %q", path, rest)
		}
	})
}

// FuzzBasic looks for headers that are read in another way than they are meant.
func FuzzBasic(f *testing.F) {
	for _, seed := range []string{"Basic YTpi", "basic  YTpi", "Basic", "Basic YTpi,Basic YTpj", "Basic YQ==", "Basic //86", "Bearer x"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, header string) {
		given, ok := parseBasic(header)
		if !ok {
			return
		}
		decoded, err := base64.StdEncoding.DecodeString(strings.Trim(header[strings.Index(header, " "):], " "))
		if err != nil || string(decoded) != given.name+":"+given.password {
			t.Fatalf("%q is read as %q", header, given)
		}
		if strings.ContainsAny(given.name, ":\x00") || strings.ContainsAny(given.password, "\x00\n") {
			t.Fatalf("%q is read as %q", header, given)
		}
	})
}

// FuzzJSON looks for bodies that change their meaning when they are read and written again.
func FuzzJSON(f *testing.F) {
	for _, seed := range []string{`{"a":1}`, `{"a":1,"a":2}`, `{"a":{"b":[1,{"c":null}]}}`, `{"\u0061":1,"a":2}`, `[]`, `null`, `{} {}`, `{"a":1e999}`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		object, err := parseObject([]byte(text))
		if err != nil {
			return
		}
		again, err := json.Marshal(object)
		if err != nil {
			t.Fatal(err)
		}
		second, err := parseObject(again)
		if err != nil || len(second) != len(object) {
			t.Fatalf("%q becomes %q: %v", text, again, err)
		}
	})
}

// FuzzGraphQL looks for queries that break the reader.
func FuzzGraphQL(f *testing.F) {
	for _, seed := range []string{"{ a }", "query Q { ...f } fragment f on Q { a ...f }", "{ a: b @skip(if: true) }", "mutation { a }"} {
		f.Add(seed)
	}
	f.Fuzz(func(_ *testing.T, query string) {
		if document, err := parser.ParseQueryWithTokenLimit(&ast.Source{Input: query}, maxGraphQLTokens); err == nil {
			rootFields(document)
			_ = limitClausesInGraphQL(get("/graphql"), document, nil)
		}
	})
}
