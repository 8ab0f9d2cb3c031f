package gateway

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

func manyKeys(number int) []string {
	keys := make([]string, number)
	for i := range keys {
		keys[i] = "metrics.m"
	}
	return keys
}

func manyComparisons(number int) string {
	comparisons := make([]string, number)
	for i := range comparisons {
		comparisons[i] = "tags.a = 'b'"
	}
	return strings.Join(comparisons, " aNd ")
}

func TestTheClausesOfASearchAreLimited(t *testing.T) {
	ask := searcher(t)
	asJSON := func(value any) string {
		text, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	const search, versions = "/api/2.0/mlflow/logged-models/search", "/api/2.0/mlflow/model-versions/search"
	for _, number := range []int{1, 30, 31, 200} {
		bodies := []string{
			`{"filter": ` + asJSON(manyComparisons(number)) + `}`, `{"filter_string": ` + asJSON(manyComparisons(number)) + `}`,
			`{"filter": ` + strings.ReplaceAll(asJSON(manyComparisons(number)), "aNd", `\u0061nd`) + `}`,
			`{"order_by": ` + asJSON(manyKeys(number)) + `}`, `{"orderBy": ` + asJSON(manyKeys(number)) + `}`,
		}
		queries := []string{
			"?filter=" + url.QueryEscape(manyComparisons(number)), "?order_by=" + strings.Join(manyKeys(number), "&order_by="),
			"?f%69lter=" + url.QueryEscape(manyComparisons(number)),
		}
		check := func(what string, got received) {
			if (got.status == http.StatusNoContent) != (number <= maxClauses) {
				t.Errorf("%d in %.40s are answered %s: %s", number, what, statusAndCode(got), got.message)
			}
		}
		for _, body := range bodies {
			check(body, ask(http.MethodPost, search, body))
		}
		for _, query := range queries {
			check(query, ask(http.MethodGet, versions+query, ""))
		}
	}
	both := `{"filter": ` + asJSON(manyComparisons(16)) + `, "order_by": ` + asJSON(manyKeys(16)) + `}`
	expectStatus(t, ask(http.MethodPost, search, both), http.StatusBadRequest, "INVALID_PARAMETER_VALUE")
}

func TestAQueryThatGoReadsInAnotherWayIsRefused(t *testing.T) {
	ask := searcher(t)
	const records = "/api/3.0/mlflow/datasets/d-1/records"
	for _, query := range []string{"?max_results=%zz", "?max_results=5;", "?max_results%=5", "?a=%", "?a=1;b=2", "?page_token=%4"} {
		expectStatus(t, ask(http.MethodGet, records+query, ""), http.StatusBadRequest, "BAD_REQUEST")
	}
	for _, query := range []string{"?a=%25zz", "?a=1%3Bb=2", "?path=a%25timestamp%2517"} {
		if got := ask(http.MethodGet, records+query, ""); got.status != http.StatusNoContent {
			t.Errorf("%s is answered %s: %s", query, statusAndCode(got), got.message)
		}
	}
}
