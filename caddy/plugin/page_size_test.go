package gateway

import (
	"net/http"
	"testing"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

const searchRoutes = `{
  "mlflow": "3.17.2",
  "groups": [
    { "need": "read", "routes": ["GET /api/2.0/mlflow/model-versions/search", "GET /api/3.0/mlflow/datasets/{dataset_id}/records"] },
    { "need": "read", "body": "search", "routes": ["POST /api/2.0/mlflow/logged-models/search"] }
  ],
  "graphql": { "read": [] }
}`

func searcher(t *testing.T) func(method, target, body string) received {
	access := load(t, new(Access), "mlflow_access {\nroutes "+writeFile(t, "routes.json", searchRoutes)+"\n}")
	return func(method, target, body string) received {
		return send(request(method, target, body), []caddyhttp.MiddlewareHandler{asRole(RoleAdmin), access})
	}
}

func TestAPageInTheQueryIsLimited(t *testing.T) {
	ask := searcher(t)
	const records, versions = "/api/3.0/mlflow/datasets/d-1/records", "/ajax-api/2.0/mlflow/model-versions/search"
	for _, target := range []string{
		records, records + "?max_results=1", records + "?max_results=50000", records + "?filter=a%20b&page_token=MQ%3D%3D",
		records + "?filter=max_results%3D1000000", versions + "?max_results=100000", versions + "?max_results=200000",
	} {
		if got := ask(http.MethodGet, target, ""); got.status != http.StatusNoContent {
			t.Errorf("%s is answered %s: %s", target, statusAndCode(got), got.message)
		}
	}
	for _, target := range []string{
		records + "?max_results=50001", records + "?max_results=-1", records + "?max_results=1e9", records + "?max_results=5_0",
		records + "?max_results=", records + "?max_results=1&max_results=1000000", records + "?a=1&max%5Fresults=1000000",
		records + "?%6dax_results=99999999999999999999", versions + "?max_results=200001",
		records + "?maxResults=1000000", records + "?max_results%00=1000000", records + "?a%0a=1",
	} {
		expectStatus(t, ask(http.MethodGet, target, ""), http.StatusBadRequest, "INVALID_PARAMETER_VALUE")
	}
}

func TestASearchInChunksThatTurnsOutEmptyGoesOnWithoutABody(t *testing.T) {
	access := load(t, new(Access), "mlflow_access {\nroutes "+writeFile(t, "routes.json", searchRoutes)+"\n}")
	unknownLength := func(r *http.Request) { r.ContentLength, r.TransferEncoding = -1, []string{"chunked"} }
	handlers := []caddyhttp.MiddlewareHandler{asRole(RoleAdmin), access}
	got := send(request(http.MethodPost, "/api/2.0/mlflow/logged-models/search", ""), handlers, unknownLength)
	if got.status != http.StatusNoContent || got.passed.ContentLength != 0 {
		t.Errorf("is answered %s: %s", statusAndCode(got), got.message)
	}
}

func TestASearchIsLimited(t *testing.T) {
	ask := searcher(t)
	const target = "/api/2.0/mlflow/logged-models/search"
	for _, body := range []string{
		``, `{}`, `{"experiment_ids": ["1"], "max_results": 50000}`, `{"max_results": "100"}`, `{"max_results": null}`,
		`"{\"max_results\": 10}"`, `{"filter": "name = 'max_results'"}`,
	} {
		if got := ask(http.MethodPost, target, body); got.status != http.StatusNoContent {
			t.Errorf("%s is answered %s: %s", body, statusAndCode(got), got.message)
		}
	}
	for _, body := range []string{
		`{"max_results": 50001}`, `{"max_results": 1e9}`, `{"max_results": -1}`, `{"max_results": 1.5}`, `{"max_results": "1000000"}`,
		`{"maxResults": 1000000}`, `{"max_results": 1, "maxResults": 1000000}`, `{"max_results": 1, "max_results": 1000000}`,
		`"{\"max_results\": 1000000}"`, `{"max_results": [1]}`, `{"max_results": true}`, `{"max_results\u0000": 1000000}`, `{"max_results": 1, "x": {"\u007f": 1}}`, `[]`, `{"max_results": `,
	} {
		expectStatus(t, ask(http.MethodPost, target, body), http.StatusBadRequest, "INVALID_PARAMETER_VALUE")
	}
	ids := make([]byte, maxReadBody)
	for i := range ids {
		ids[i] = ' '
	}
	expectStatus(t, ask(http.MethodPost, target, `{"experiment_ids": []`+string(ids)+`}`), http.StatusRequestEntityTooLarge, "INVALID_PARAMETER_VALUE")
}
