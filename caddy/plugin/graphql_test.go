package gateway

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

func graphQLBody(t *testing.T, query string) string {
	t.Helper()
	text, err := json.Marshal(map[string]any{"query": query, "variables": map[string]any{"id": 1}, "operationName": nil})
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestAGraphQLQueryNeedsWhatItsFieldsNeed(t *testing.T) {
	cases := map[string]struct {
		query string
		need  Role
	}{
		"a field of the list":              {"{ mlflowGetRun(input: {runId: 1}) { run { info { runId } } } }", RoleRead},
		"a named query":                    {"query Run($id: String) { mlflowGetRun(input: {runId: $id}) { run } }", RoleRead},
		"a mutation that is a search":      {"mutation { mlflowSearchRuns(input: {}) { runs } }", RoleRead},
		"two fields of the list":           {"{ a: mlflowGetRun { run } b: mlflowSearchRuns { runs } __typename }", RoleRead},
		"another field":                    {"{ mlflowDeleteRun { run } }", RoleAdmin},
		"an alias of the list":             {"{ mlflowGetRun: mlflowDeleteRun { run } }", RoleAdmin},
		"one of two":                       {"{ mlflowGetRun { run } mlflowDeleteRun { run } }", RoleAdmin},
		"one in an inline fragment":        {"{ ... on Query { mlflowDeleteRun { run } } }", RoleAdmin},
		"one in a fragment":                {"{ ...f } fragment f on Query { ...g } fragment g on Query { mlflowDeleteRun { run } }", RoleAdmin},
		"one in the second operation":      {"query A { mlflowGetRun { run } } query B { mlflowDeleteRun { run } }", RoleAdmin},
		"one that is skipped":              {"{ mlflowGetRun { run } mlflowDeleteRun @skip(if: true) { run } }", RoleAdmin},
		"one below the root is no concern": {"{ mlflowGetRun { mlflowDeleteRun } }", RoleRead},
		"one in a comment":                 {"{ mlflowGetRun { run } } # mlflowDeleteRun", RoleRead},
		"one in a text":                    {`{ mlflowGetRun(input: {runId: "} mlflowDeleteRun {"}) { run } }`, RoleRead},
		"the schema, which is listed":      {"{ __schema { types { name } } }", RoleRead},
		"a type, which is not":             {`{ __type(name: "Run") { name } }`, RoleAdmin},
		"fragments in a circle":            {"{ ...f } fragment f on Query { ...f mlflowGetRun { run } }", RoleRead},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			for _, role := range []Role{RoleRead, RoleAdmin} {
				got := send(request(http.MethodPost, "/graphql", graphQLBody(t, test.query)), accessAs(t, role))
				if role < test.need {
					expectStatus(t, got, http.StatusForbidden, "PERMISSION_DENIED")
					continue
				}
				expectStatus(t, got, http.StatusNoContent, "")
				var arrived map[string]any
				if err := json.Unmarshal([]byte(got.passedBody), &arrived); err != nil {
					t.Fatal(err)
				}
				if arrived["query"] != test.query || len(arrived) != 3 || got.passed.ContentLength != int64(len(got.passedBody)) {
					t.Errorf("%s arrived", got.passedBody)
				}
			}
		})
	}
}

func TestAGraphQLBodyThatCannotBeJudgedIsRefused(t *testing.T) {
	for name, body := range map[string]string{
		"nothing":                 "",
		"no JSON":                 "{",
		"a list":                  `[{"query":"{ mlflowGetRun { run } }"}]`,
		"a text":                  `"{ mlflowGetRun { run } }"`,
		"null":                    "null",
		"no query":                `{"variables":{}}`,
		"a query that is a list":  `{"query":["{ mlflowGetRun { run } }"]}`,
		"a query in another case": `{"Query":"{ mlflowGetRun { run } }"}`,
		"two queries":             `{"query":"{ mlflowGetRun { run } }","query":"{ mlflowDeleteRun { run } }"}`,
		"two in two spellings":    `{"query":"{ mlflowGetRun { run } }","\u0071uery":"{ mlflowDeleteRun { run } }"}`,
		"two below the root":      `{"query":"{ mlflowGetRun { run } }","variables":{"a":1,"a":2}}`,
		"something after it":      `{"query":"{ mlflowGetRun { run } }"}{}`,
		"no UTF-8":                "{\"query\":\"{ mlflowGetRun { run } }\xff\"}",
		"UTF-16":                  "\xff\xfe{\x00}\x00",
		"a deep one":              `{"query":"{ mlflowGetRun { run } }","variables":` + strings.Repeat("[", 200) + strings.Repeat("]", 200) + `}`,
		"no GraphQL":              `{"query":"DROP TABLE runs"}`,
		"an unknown fragment":     `{"query":"{ ...f }"}`,
		"two fragments of a name": `{"query":"{ ...f } fragment f on Q { mlflowGetRun { a } } fragment f on Q { mlflowDeleteRun { a } }"}`,
		"a subscription":          `{"query":"subscription { mlflowGetRun { run } }"}`,
		"a schema":                `{"query":"type Query { a: Int }"}`,
		"too many words":          `{"query":"{ mlflowGetRun { ` + strings.Repeat("a ", 6000) + `} }"}`,
	} {
		t.Run(name, func(t *testing.T) {
			expectStatus(t, send(request(http.MethodPost, "/graphql", body), accessAs(t, RoleAdmin)), http.StatusBadRequest, "INVALID_PARAMETER_VALUE")
		})
	}
	expectStatus(t, send(get("/graphql?query={mlflowGetRun{run}}"), accessAs(t, RoleAdmin)), http.StatusBadRequest, "INVALID_PARAMETER_VALUE")
	large := graphQLBody(t, "{ mlflowGetRun { run } } #"+strings.Repeat("x", maxReadBody))
	expectStatus(t, send(request(http.MethodPost, "/graphql", large), accessAs(t, RoleAdmin)), http.StatusRequestEntityTooLarge, "INVALID_PARAMETER_VALUE")
	expectStatus(t, send(request(http.MethodPost, "/graphql", "{}"), accessAs(t, RoleAdmin), with("Content-Encoding", "gzip")), http.StatusUnsupportedMediaType, "INVALID_PARAMETER_VALUE")
}

func TestTheClausesOfAGraphQLQueryAreLimited(t *testing.T) {
	const query = "query Q($input: MlflowSearchRunsInput) { mlflowSearchRuns(input: $input) { runs { info { runId } } } }"
	body := func(query string, input map[string]any) string {
		text, err := json.Marshal(map[string]any{"query": query, "variables": map[string]any{"input": input}})
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	for _, number := range []int{30, 31} {
		inline, err := json.Marshal(manyKeys(number))
		if err != nil {
			t.Fatal(err)
		}
		fragment := "{ ...f } fragment f on Query { mlflowSearchRuns(input: {orderBy: " + string(inline) + "}) { runs } }"
		for name, sent := range map[string]string{
			"a filter": body(query, map[string]any{"filter": manyComparisons(number)}),
			"a filter that begins with another comparison": body(query, map[string]any{"filter": "status = 'FINISHED' and " + manyComparisons(number-1)}),
			"keys":                   body(query, map[string]any{"orderBy": manyKeys(number)}),
			"keys in a fragment":     body(fragment, nil),
			"both in quotes":         body(query, map[string]any{"orderBy": manyKeys(number - 1), "filter": "`tags`.a = 'b'"}),
			"a default of the query": body(strings.Replace(query, "Input)", "Input = {orderBy: "+string(inline)+"})", 1), nil),
		} {
			got := send(request(http.MethodPost, "/graphql", sent), accessAs(t, RoleRead))
			if (got.status == http.StatusNoContent) != (number <= maxClauses) {
				t.Errorf("%d as %s are answered %s: %s", number, name, statusAndCode(got), got.message)
			}
		}
	}
	// The ids of runs that a page compares are no clauses.
	ids := make([]string, 200)
	for i := range ids {
		ids[i] = "0123456789abcdef0123456789abcdef"
	}
	expectStatus(t, send(request(http.MethodPost, "/graphql", body(query, map[string]any{"runIds": ids})), accessAs(t, RoleRead)), http.StatusNoContent, "")
}
