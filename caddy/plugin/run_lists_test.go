package gateway

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

const historyRoutes = `{
  "mlflow": "3.17.2",
  "groups": [
    { "need": "read", "routes": ["GET /api/2.0/mlflow/metrics/get-history-bulk-interval", "GET /api/3.0/mlflow/traces/batchGet"] },
    { "need": "graphql", "routes": ["POST /graphql"] }
  ],
  "graphql": { "read": ["mlflowGetMetricHistoryBulkInterval", "mlflowSearchRuns"] }
}`

func reader(t *testing.T) func(method, target, body string) received {
	access := load(t, new(Access), "mlflow_access {\nroutes "+writeFile(t, "routes.json", historyRoutes)+"\n}")
	return func(method, target, body string) received {
		return send(request(method, target, body), []caddyhttp.MiddlewareHandler{asRole(RoleRead), access})
	}
}

// runs returns ids of as many runs; the last ones are the first one again.
func runs(number, again int) []string {
	ids := make([]string, number)
	for i := range ids {
		ids[i] = fmt.Sprintf("%032x", i%(number-again)+10)
	}
	return ids
}

func TestACallReadsTheHistoryOfARunOnce(t *testing.T) {
	ask := reader(t)
	const target = "/ajax-api/2.0/mlflow/metrics/get-history-bulk-interval?metric_key=loss&run_ids="
	list := func(ids []string) string { return strings.Join(ids, "&run_ids=") }
	for _, good := range []string{list(runs(1, 0)), list(runs(100, 0)), ""} {
		if got := ask(http.MethodGet, target+good, ""); got.status != http.StatusNoContent {
			t.Errorf("%.80s is answered %s: %s", good, statusAndCode(got), got.message)
		}
	}
	one := runs(1, 0)[0]
	for _, bad := range []string{
		list(runs(2, 1)), list(runs(100, 1)), list(runs(101, 0)), one + "&run%5Fids=" + one, one + "&run_ids=%30" + one[1:],
	} {
		expectStatus(t, ask(http.MethodGet, target+bad, ""), http.StatusBadRequest, "INVALID_PARAMETER_VALUE")
	}
	// The database is asked for all traces of a list at once.
	traces := "/api/3.0/mlflow/traces/batchGet?trace_ids=a&trace_ids=a"
	expectStatus(t, ask(http.MethodGet, traces, ""), http.StatusNoContent, "")
}

func TestAQueryInGraphQLReadsTheHistoryOfARunOnce(t *testing.T) {
	ask := reader(t)
	const query = "query Q($data: MlflowGetMetricHistoryBulkIntervalInput) { mlflowGetMetricHistoryBulkInterval(input: $data) { metrics { value } } }"
	body := func(query string, variables any) string {
		text, err := json.Marshal(map[string]any{"query": query, "variables": variables})
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	variables := func(ids any) any {
		return map[string]any{"data": map[string]any{"runIds": ids, "metricKey": "loss", "maxResults": 320, "startStep": nil}}
	}
	inline := func(ids string) string {
		return "{ mlflowGetMetricHistoryBulkInterval(input: {metricKey: \"loss\", runIds: " + ids + "}) { metrics { value } } }"
	}
	asJSON := func(ids []string) string {
		text, err := json.Marshal(ids)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	for _, good := range []string{
		body(query, variables(runs(1, 0))), body(query, variables(runs(100, 0))), body(query, variables([]string{})),
		body(inline(asJSON(runs(100, 0))), nil), `{"query":` + asText(t, inline(`["a", "b"]`)) + `}`,
		// A search may name more.
		body("mutation M($data: MlflowSearchRunsInput) { mlflowSearchRuns(input: $data) { runs } }", variables(runs(300, 100))),
	} {
		if got := ask(http.MethodPost, "/graphql", good); got.status != http.StatusNoContent {
			t.Errorf("%.200s is answered %s: %s", good, statusAndCode(got), got.message)
		}
	}
	for _, bad := range []string{
		body(query, variables(runs(2, 1))), body(query, variables(runs(100, 1))), body(query, variables(runs(101, 0))),
		body(query, variables(runs(20_000, 0))), body(query, variables([]any{"1", json.Number("1")})),
		body(inline(asJSON(runs(2, 1))), nil), body(inline(asJSON(runs(101, 0))), nil), body(inline(`["a", "\u0061"]`), nil),
		body(inline(`["a", """a"""]`), nil),
		body(strings.Replace(query, "Input)", "Input = {runIds: [\"a\", \"a\"]})", 1), nil),
		body("query Q($a: String, $b: String) "+inline("[$a, $b]"), map[string]any{"a": "1", "b": "1"}),
		body("{ ...f } fragment f on Query "+inline(`["a", "a"]`), nil),
		body(strings.Replace(query, "{ mlflow", "{ a: mlflowGetMetricHistoryBulkInterval(input: $data) { metrics { value } } mlflow", 1), variables(runs(1, 0))),
	} {
		got := ask(http.MethodPost, "/graphql", bad)
		if got.status != http.StatusBadRequest || got.code != "INVALID_PARAMETER_VALUE" {
			t.Errorf("%.200s is answered %s: %s", bad, statusAndCode(got), got.message)
		}
	}
}

// MLflow takes the number of values for a query in GraphQL from the address, without its own limit.
func TestTheAddressOfGraphQLCannotAskForLongHistories(t *testing.T) {
	ask := reader(t)
	body := `{"query":"{ mlflowSearchRuns { runs } }"}`
	for query, status := range map[string]int{
		"": http.StatusNoContent, "?max_results=2500": http.StatusNoContent,
		"?max_results=2501": http.StatusBadRequest, "?max%5Fresults=50000": http.StatusBadRequest,
	} {
		if got := ask(http.MethodPost, "/graphql"+query, body); got.status != status {
			t.Errorf("%s is answered %s: %s", query, statusAndCode(got), got.message)
		}
	}
}

func asText(t *testing.T, value string) string {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
